/** Pixels of the picture: as wide as a README on GitHub. */
export const widths = { all: 960, margin: 14, names: 390, bars: 510 };
export const rowHeight = 22;

/** Colours of the services, in the order in which they come, on a light page and on a dark one. */
const light = ['#0969da', '#1a7f37', '#9a6700', '#8250df', '#bf3989', '#57606a'];
const dark = ['#58a6ff', '#3fb950', '#d29922', '#bc8cff', '#f778ba', '#8b949e'];

const coloured = (colours: readonly string[]): string =>
  colours.map((colour, i) => `.s${i}{fill:${colour}}`).join('');

/** Follows what the reader's system prefers, background included: it is readable whatever page it stands on. */
export const style = [
  '.page{fill:#fff;stroke:#d0d7de}text{fill:#1f2328}.time,.tick{fill:#59636e;font-size:10.5px}',
  '.of{font-weight:600}.stripe{fill:#818b98;fill-opacity:.07}.grid{stroke:#818b98;stroke-opacity:.3}',
  '.branch{fill:none;stroke:#818b98;stroke-opacity:.6}.break{fill:#818b98;fill-opacity:.13}',
  '.link{fill:none;stroke:#59636e;stroke-dasharray:2 2.5}.end{fill:#59636e}.error{stroke:#cf222e;stroke-width:2}',
  coloured(light),
  '@media(prefers-color-scheme:dark){.page{fill:#0d1117;stroke:#3d444d}text{fill:#f0f6fc}.time,.tick{fill:#9198a1}',
  '.link{stroke:#9198a1}.end{fill:#9198a1}.error{stroke:#f85149}',
  coloured(dark),
  '}',
].join('');
