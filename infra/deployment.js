// The Framework's `${file(…)}` loads `.js` and no `.ts`.
export { consume } from './deployment.ts';
