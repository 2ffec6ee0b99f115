import { useState } from 'preact/hooks';
import { Icon, type IconName } from './icon.tsx';

interface ActionButtonProps {
  readonly label: string;
  readonly icon?: IconName;
  /** Does it, and says what came of it. */
  readonly act: () => Promise<string>;
  /** Where it cannot be undone: the question that is asked before. */
  readonly question?: string;
  readonly disabled?: boolean;
}

type Progress =
  | { readonly is: 'ready' | 'asked' | 'acting' }
  | { readonly is: 'done' | 'failed'; readonly says: string };

/** A button with what came of it beside it. */
export function ActionButton({ label, icon, act, question, disabled = false }: ActionButtonProps) {
  const [progress, setProgress] = useState<Progress>({ is: 'ready' });
  const start = (): void => {
    setProgress({ is: 'acting' });
    act().then(
      (says) => setProgress({ is: 'done', says }),
      (error: unknown) =>
        setProgress({ is: 'failed', says: error instanceof Error ? error.message : String(error) }),
    );
  };
  if (progress.is === 'asked') {
    return (
      <span class="action asked">
        <span>{question}</span>
        <button type="button" class="danger" ref={focusOnce} onClick={start}>
          {label}
        </button>
        <button type="button" onClick={() => setProgress({ is: 'ready' })}>
          Keep
        </button>
      </span>
    );
  }
  return (
    <span class="action">
      <button
        type="button"
        disabled={disabled || progress.is === 'acting'}
        onClick={question === undefined ? start : () => setProgress({ is: 'asked' })}
      >
        {icon && <Icon name={icon} />}
        {label}
        {progress.is === 'acting' ? ' …' : ''}
      </button>
      <output class={progress.is}>{'says' in progress ? progress.says : ''}</output>
    </span>
  );
}

/** Whoever came here by keyboard goes on from the question. */
const focusOnce = (element: HTMLElement | null): void => element?.focus();
