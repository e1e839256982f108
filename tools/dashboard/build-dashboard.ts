import {
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Panel, Query, Row } from './panel.ts';

/** The Prometheus that a person chooses at the top: nothing of one Grafana's own is in the file. */
const datasource = { type: 'prometheus', uid: '${datasource}' };

/** A dashboard of these rows, as Grafana imports it. */
export function buildDashboard(rows: Row[]): object {
  const dashboard = new DashboardBuilder('Payments')
    .uid('payments')
    .description('How far behind are we, and where. Made by `npm run dashboard`; alerts: docs/runbook.md.')
    .tags(['payments'])
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(instances());
  let id = 0;
  for (const { title, panels } of rows) {
    dashboard.withRow(new RowBuilder(title).id(++id));
    for (const panel of panels) dashboard.withPanel(build(panel).id(++id));
  }
  return dashboard.build();
}

const instances = () =>
  new QueryVariableBuilder('instance')
    .label('Instance')
    .datasource(datasource)
    .query('label_values(up{job=~"payment|relay|notifier"}, instance)')
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: 'All', value: '$__all' });

function build(panel: Panel) {
  switch (panel.as) {
    case 'number':
      return asNumber(panel);
    case 'lines':
      return asLines(panel);
    case 'table':
      return asTable(panel);
    default:
      return panel.as satisfies never;
  }
}

const asNumber = ({ title, description, unit, thresholds, queries }: Panel) =>
  new StatBuilder()
    .title(title)
    .description(description)
    .datasource(datasource)
    .targets(queries.map((query, index) => target(query, index).instant()))
    .unit(unit)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .noValue('unknown')
    .thresholds(steps(thresholds))
    .height(4)
    .span(6);

function asLines({ title, description, unit, thresholds, queries, max }: Panel) {
  const panel = new TimeSeriesBuilder()
    .title(title)
    .description(description)
    .datasource(datasource)
    .targets(queries.map((query, index) => target(query, index).range()))
    .unit(unit)
    .min(0)
    .fillOpacity(5)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .height(8)
    .span(8);
  if (max !== undefined) panel.max(max);
  return thresholds
    ? panel
        .thresholds(steps(thresholds))
        .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
    : panel;
}

const asTable = ({ title, description, unit, queries }: Panel) =>
  new TableBuilder()
    .title(title)
    .description(description)
    .datasource(datasource)
    .targets(queries.map((query, index) => target(query, index).format(PromQueryFormat.Table).instant()))
    .unit(unit)
    .height(8)
    .span(24);

const target = ({ expr, legend, exemplars }: Query, index: number) =>
  new DataqueryBuilder()
    .datasource(datasource)
    .refId(String.fromCharCode('A'.charCodeAt(0) + index))
    .expr(expr)
    .legendFormat(legend)
    .exemplar(exemplars === true);

/** Green, yellow, red from the bottom up; where less is worse, red below the bound. */
function steps(thresholds: Panel['thresholds']) {
  const config = new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute);
  if (!thresholds) return config.steps([{ value: null, color: 'green' }]);
  const { yellow, red, lessIsWorse } = thresholds;
  if (lessIsWorse)
    return config.steps([
      { value: null, color: 'red' },
      { value: red, color: 'green' },
    ]);
  return config.steps([
    { value: null, color: 'green' },
    ...(yellow === undefined ? [] : [{ value: yellow, color: 'yellow' }]),
    { value: red, color: 'red' },
  ]);
}
