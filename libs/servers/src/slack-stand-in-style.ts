/** The looks of the page: Slack's own, in the light. Only fonts of the system, Korean and emoji among them. */
export const style = `
:root{--ink:#1d1c1d;--quiet:#616061;--line:#dddddd}
*{box-sizing:border-box}
body{margin:0;color:var(--ink);background:#fff;font:15px/1.46668 Lato,'Helvetica Neue',Helvetica,Arial,
'Apple SD Gothic Neo','Malgun Gothic','Noto Sans KR','Noto Sans CJK KR','Apple Color Emoji','Segoe UI Emoji',
'Noto Color Emoji',sans-serif;overflow-wrap:anywhere}
header{padding:11px 20px;border-bottom:1px solid var(--line)}
h1{margin:0;font-size:18px;font-weight:900;line-height:1.33}
h1 span{margin-right:4px;font-weight:400}
main{max-width:800px;padding:8px 0 16px}
.quiet{padding:0 20px;color:var(--quiet)}
article{display:grid;grid-template-columns:36px minmax(0,1fr);column-gap:8px;padding:8px 20px}
.icon{width:36px;height:36px;border-radius:8px;background:#1264a3;color:#fff;font-size:20px;font-weight:900;
line-height:36px;text-align:center}
.by{display:flex;align-items:baseline;gap:8px;line-height:1.46668}
.by b{font-weight:900}
.badge{padding:0 3px;border-radius:2px;background:#e8e8e8;color:var(--quiet);font-size:10px;font-weight:700;
line-height:14px}
time{color:var(--quiet);font-size:12px}
h2{margin:8px 0;font-size:18px;font-weight:900;line-height:1.33334}
.text{margin:4px 0}
section{display:flex;justify-content:space-between;gap:16px;margin:4px 0 8px}
section>div:first-child{flex:1;min-width:0}
.fields{display:grid;grid-template-columns:1fr 1fr;gap:8px 16px}
.context{display:flex;flex-wrap:wrap;gap:2px 10px;margin:4px 0 8px;color:var(--quiet);font-size:13px;
line-height:1.38462}
.actions{display:flex;flex-wrap:wrap;gap:8px;margin:8px 0}
.button{align-self:flex-start;padding:0 12px;border:1px solid #c7c7c8;border-radius:4px;color:var(--ink);
font-size:13px;font-weight:700;line-height:26px;white-space:nowrap}
hr{margin:12px 0;border:0;border-top:1px solid var(--line)}
b{font-weight:700}
a{color:#1264a3;text-decoration:none}
mark{padding:0 2px 1px;border-radius:3px;background:#f2c74433;color:#1264a3}
code,pre{border:1px solid #1d1c1d21;border-radius:3px;background:#1d1c1d0a;
font:12px/1.50001 Monaco,Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Mono CJK KR',monospace}
code{padding:2px 3px 1px;color:#e01e5a}
pre{margin:4px 0;padding:8px;white-space:pre-wrap}
blockquote{margin:4px 0;padding-left:12px;border-left:4px solid var(--line)}`;
