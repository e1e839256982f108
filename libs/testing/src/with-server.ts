import pg from 'pg';

/** Connects to a server's database, for as long as `use` takes. */
export async function withServer<T>(serverUrl: string, use: (server: pg.Client) => Promise<T>): Promise<T> {
  const server = new pg.Client({ connectionString: serverUrl, application_name: 'throw-away-database' });
  await server.connect();
  try {
    return await use(server);
  } finally {
    await server.end();
  }
}
