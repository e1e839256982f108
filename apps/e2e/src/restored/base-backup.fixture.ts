import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@payments/testing';
import { expect } from '@jest/globals';
import { execa } from 'execa';
import type pg from 'pg';

/** Where backups and archived WAL files lie, and a name in it for each cluster. */
export interface Archive extends AsyncDisposable {
  folder: string;
  /** Settings with which a server archives. */
  archiving: Record<string, string>;
  /** Settings with which a server is restored to a named moment, and lets nobody in before. */
  restoring: (moment: string) => Record<string, string>;
}

/** Makes one. The server that writes into it may run as another user. */
export async function openArchive(): Promise<Archive> {
  const folder = await mkdtemp(join(tmpdir(), 'payments-archive-'));
  await chmod(folder, 0o777);
  return {
    folder,
    archiving: { archive_mode: 'on', archive_command: `cp %p ${folder}/%f` },
    restoring: (moment) => ({
      restore_command: `cp ${folder}/%f %p`,
      recovery_target_name: moment,
      recovery_target_action: 'promote',
      hot_standby: 'off',
    }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * Copies a running server's files to `dataDir`, for a server that is restored from there: what pg_basebackup does, which npm
 * does not bring.
 */
export async function takeBaseBackup(superuser: pg.Client, dataDir: string): Promise<void> {
  const data = join(dataDir, 'data');
  const { rows: settings } = await superuser.query<{ from: string }>(
    `select current_setting('data_directory') as from, pg_backup_start('base', true)`,
  );
  await mkdir(dataDir, { recursive: true });
  await execa('cp', ['-a', settings[0]?.from ?? '', data]);
  const { rows } = await superuser.query<{ label: string }>(
    'select labelfile as label from pg_backup_stop()',
  );
  await Promise.all(
    ['postmaster.pid', 'postmaster.opts'].map((file) => rm(join(data, file), { force: true })),
  );
  await execa('find', [join(data, 'pg_wal'), '-type', 'f', '-delete']);
  await writeFile(join(data, 'backup_label'), rows[0]?.label ?? '');
  await writeFile(join(data, 'recovery.signal'), '');
}

/** Waits until everything up to now is in the archive. */
export async function untilArchived(superuser: pg.Client): Promise<void> {
  const { rows } = await superuser.query<{ file: string }>('select pg_walfile_name(pg_switch_wal()) as file');
  const file = rows[0]?.file ?? '';
  await eventually(async () => {
    const archived = await superuser.query<{ last: string }>(
      'select last_archived_wal as last from pg_stat_archiver',
    );
    expect((archived.rows[0]?.last ?? '') >= file).toBe(true);
  });
}
