import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { findPrometheus } from '@payments/servers';
import {
  documents,
  isIn,
  readAlerts,
  readCases,
  readCatalogue,
  readComposeJobs,
  readPanels,
  readRunbook,
} from './documents.fixture.ts';
import { familyOf, metricsIn } from './promql.fixture.ts';

const programs = await findPrometheus();
const withPromtool = programs === null ? it.skip : it;
const promtool = (...args: string[]) => promisify(execFile)(programs?.promtool ?? '', args);

const alerts = await readAlerts();
const names = alerts.map(({ alert }) => alert);
const catalogue = await readCatalogue();

describe('the alert rules', () => {
  withPromtool('are rules to Prometheus', async () => {
    const { stdout } = await promtool('check', 'rules', '--lint-fatal', documents.rules);
    expect(stdout).toContain(`${alerts.length} rules found`);
  });

  withPromtool(
    'are loaded by the Prometheus of docker-compose.yml, which has the jobs that they name',
    async () => {
      const { stdout } = await promtool('check', 'config', documents.composePrometheus);
      expect(stdout).toContain(`${alerts.length} rules found`);
      const asked = alerts.flatMap(({ expr }) =>
        [...expr.matchAll(/job=~?"([^"]+)"/g)].flatMap(([, jobs]) => jobs?.split('|')),
      );
      expect([...new Set(asked)].sort()).toEqual((await readComposeJobs()).sort());
    },
  );

  withPromtool('fire and stay silent as their cases say', async () => {
    const { stdout } = await promtool('test', 'rules', documents.ruleTests);
    expect(stdout).toContain('SUCCESS');
  });

  it('have each a case in which they fire, and a near miss', async () => {
    const cases = await readCases();
    expect([...cases.keys()].sort()).toEqual([...names].sort());
    const untried = [...cases].filter(([, { fires, silent }]) => fires === 0 || silent === 0);
    expect(untried).toEqual([]);
  });

  it.each(alerts.map((alert) => [alert.alert, alert] as const))(
    '%s says how urgent it is, how much, and where to read on',
    (name, { labels, annotations, for: lasts }) => {
      expect(labels['severity']).toMatch(/^(page|ticket)$/);
      expect(lasts).toMatch(/^\d+[mh]$/);
      expect(annotations).toEqual({
        summary: expect.stringMatching(/\S/),
        description: expect.stringContaining('{{ $value'),
        runbook_url: `docs/runbook.md#${name.toLowerCase()}`,
      });
    },
  );
});

describe('the run book', () => {
  it('has a section for each alert, and no alert that there is not', async () => {
    const headings = (await readRunbook()).map(({ heading }) => heading);
    expect(headings.filter((heading) => /^[A-Z]\w+$/.test(heading))).toEqual(names);
  });

  it('says in each what it means, where to look, what to type, and when it is over', async () => {
    const sections = (await readRunbook()).filter(({ heading }) => names.includes(heading));
    for (const { heading, text } of sections)
      for (const part of [/^Means:/m, /^Look( and type)?:/m, /^(Look and t|T)ype:/m, /^Over:/m])
        expect(`${heading}: ${text}`).toMatch(part);
  });

  it('leads to sections that are there', async () => {
    const sections = await readRunbook();
    const anchors = sections.map(({ heading }) => heading.toLowerCase().replaceAll(' ', '-'));
    const links = sections.flatMap(({ text }) => [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, to]) => to));
    expect(links.filter((link) => !anchors.includes(link ?? ''))).toEqual([]);
  });
});

describe('the catalogue of metrics', () => {
  const used = async () => [
    ...alerts.flatMap(({ expr }) => metricsIn(expr)),
    ...(await readPanels()).flatMap(({ expressions }) => expressions.flatMap(metricsIn)),
  ];

  it('has every metric that a rule or a panel asks for; `up` is of Prometheus itself', async () => {
    expect((await used()).filter((metric) => metric !== 'up' && !isIn(catalogue, metric))).toEqual([]);
  });

  it('has none that neither a rule nor a panel asks for', async () => {
    const asked = await used();
    const families = [...asked, ...asked.map(familyOf)];
    const unused = catalogue.filter(({ name, prefix }) =>
      prefix ? !families.some((family) => family.startsWith(name)) : !families.includes(name),
    );
    expect(unused).toEqual([]);
  });
});
