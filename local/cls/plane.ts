import { targetOf } from '../service/request.ts';

/** The two protocols of the service: API 3.0 for resources and consumer groups, the older one for logs. */
export type Plane = 'control' | 'data';

/** They have hosts of their own, but share a port here: what is posted to `/` is for the control plane. */
export function planeOf(path: string): Plane {
  return path === '/' ? 'control' : 'data';
}

/** Of the target of a request, as it stands on the request line. */
export function planeOfTarget(url: string | undefined): Plane {
  return planeOf(targetOf(url).split('?')[0] || '/');
}
