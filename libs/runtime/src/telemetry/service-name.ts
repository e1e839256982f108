/**
 * What a process is called in traces and metrics where the environment does not say it: the folder of its app, `payment` of
 * `apps/payment/src/main.ts`. Undefined for a program that lies elsewhere.
 * @param mainModule path of the process's main module, `process.argv[1]`
 */
export function serviceNameOf(mainModule: string | undefined): string | undefined {
  const folders = (mainModule ?? '').split(/[/\\]/);
  return folders[folders.lastIndexOf('src') - 1];
}
