import { useCallback, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './icon.tsx';

interface ActionButtonProps {
  readonly label: string;
  readonly icon?: IconName;
  /** Does it, and says what came of it. */
  readonly act: () => Promise<string>;
  /** Where it cannot be undone: the question that is asked before. */
  readonly question?: string;
}

type Progress =
  | { readonly is: 'ready' | 'asked' | 'acting' }
  | { readonly is: 'done' | 'failed'; readonly says: string };

/** A button with what came of it beside it. */
export function ActionButton({ label, icon, act, question }: ActionButtonProps) {
  const [progress, setProgress] = useState<Progress>({ is: 'ready' });
  /** Then the button comes back in the place of the question, and whoever answered it goes on from the button. */
  const wasAsked = useRef(false);
  const start = (): void => {
    setProgress({ is: 'acting' });
    act().then(
      (says) => setProgress({ is: 'done', says }),
      (error: unknown) =>
        setProgress({ is: 'failed', says: error instanceof Error ? error.message : String(error) }),
    );
  };
  const focusBack = useCallback((element: HTMLElement | null) => {
    if (wasAsked.current) element?.focus();
  }, []);
  const isActing = progress.is === 'acting';
  if (progress.is === 'asked') {
    wasAsked.current = true;
    return (
      <span class="action asked">
        <span>{question}</span>
        <button type="button" class="danger" ref={focus} onClick={start}>
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
        ref={focusBack}
        // One that is disabled would lose the focus of whoever pressed it by keyboard.
        aria-disabled={isActing}
        onClick={isActing ? undefined : question === undefined ? start : () => setProgress({ is: 'asked' })}
      >
        {icon && <Icon name={icon} />}
        {label}
        {isActing ? ' …' : ''}
      </button>
      <output class={progress.is}>{'says' in progress ? progress.says : ''}</output>
    </span>
  );
}

/** Whoever came to the question by keyboard goes on from there. */
const focus = (element: HTMLElement | null): void => element?.focus();
