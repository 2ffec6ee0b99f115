const PATHS = {
  pause: 'M5 3v10M11 3v10',
  resume: 'M5 3l8 5-8 5z',
  copy: 'M6 6h7v7H6zM3 10V3h7',
  good: 'M3 8.5l3.5 3.5L13 4.5',
  note: 'M8 7.5v4M8 4.5v.4',
  warning: 'M8 4v5M8 11.6v.4',
  bad: 'M4 4l8 8M12 4l-8 8',
  open: 'M6 3l5 5-5 5',
  redrive: 'M13 8a5 5 0 1 1-1.6-3.7M12.5 1.8v3h-3',
  drop: 'M3 5h10M6 5V3h4v2M4.5 5l.5 8h6l.5-8',
} as const;

export type IconName = keyof typeof PATHS;

/** A sign beside its word, so it says nothing by itself. */
export const Icon = ({ name }: { name: IconName }) => (
  <svg class={`icon ${name}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
);
