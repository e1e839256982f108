import { describe, expect, it } from '@jest/globals';

import { readLocalConfig, repositoryRoot, serverPorts } from './config.ts';

describe('the configuration of the local stack', () => {
  it('has the documented ports, which may give way to others', () => {
    const { ports } = readLocalConfig({});
    const numbers = Object.fromEntries(Object.entries(ports).map(([name, { port }]) => [name, port]));
    expect(numbers).toEqual({
      grpc: 50_051,
      paymentHttp: 9101,
      relayHttp: 9102,
      notifierHttp: 9103,
      postgres: 54_320,
      kafka: 19_092,
      jaeger: 16_686,
      otlp: 4318,
      slack: 9104,
    });
    expect(Object.values(ports).some(({ asked }) => asked)).toBe(false);
  });

  it('marks a port that was asked for, whatever its number', () => {
    const { ports } = readLocalConfig({ KAFKA_PORT: '19092', GRPC_LISTEN: '[::1]:50051' });
    expect(ports.kafka).toMatchObject({ port: 19_092, asked: true });
    expect(ports.grpc).toEqual({ variable: 'GRPC_LISTEN', host: '::1', port: 50_051, asked: true });
  });

  it('keeps state in .local, or where it is told', () => {
    expect(readLocalConfig({}).stateDir).toBe(`${repositoryRoot}/.local`);
    expect(readLocalConfig({ LOCAL_STATE_DIR: '/var/tmp/x' }).stateDir).toBe('/var/tmp/x');
  });

  it.each([
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' },
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' },
  ])('needs no port for a server that is given, a collector by %j', (collector) => {
    const given = { DATABASE_URL: 'postgres://app@db/payments', KAFKA_BROKERS: 'kafka:9092', ...collector };
    expect(Object.keys(serverPorts(readLocalConfig(given)))).toEqual(['slack']);
  });

  it('refuses one fixed HTTP port for three services, and says what to set instead', () => {
    expect(() => readLocalConfig({ HTTP_LISTEN: '127.0.0.1:9101' })).toThrow(
      /HTTP_LISTEN .*RELAY_HTTP_LISTEN/,
    );
    expect(readLocalConfig({ HTTP_LISTEN: '127.0.0.1:0' }).ports.relayHttp.port).toBe(0);
  });

  it('names every bad variable', () => {
    expect(() => readLocalConfig({ SLACK_PORT: 'x', DATABASE_URL: 'y' })).toThrow(
      /SLACK_PORT.*\n.*DATABASE_URL/,
    );
  });
});
