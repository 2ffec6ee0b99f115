// Starts a bundle as Lambda does and tells in JSON how long that took: `coldStart.mjs <bundle> [event]`. With an event that the function
// refuses, also how long it took until the refusal's stack was there.
const [bundle, event] = process.argv.slice(2);
const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
const [begunAt, cpuBefore] = [performance.now(), cpuMs()];
const { handler } = await import(bundle);
const told = { importMs: performance.now() - begunAt, cpuMs: cpuMs() - cpuBefore };
if (typeof handler !== 'function') throw new Error(`${bundle} exports no handler`);
if (event !== undefined) {
  const error = await handler(JSON.parse(event), { getRemainingTimeInMillis: () => 10_000 }).catch(
    (error) => error,
  );
  const askedAt = performance.now();
  if (!/lib\/config\/slot\.ts:\d+/.test(error.stack)) throw new Error(`no source is named: ${error.stack}`);
  told.stackMs = performance.now() - askedAt;
}
console.log(JSON.stringify(told));
