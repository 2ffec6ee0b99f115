import { useEffect, useState } from 'preact/hooks';
import { counted, about as duration, several } from '../../amounts.ts';
import type { Letter, LettersAnswer } from '../feed.ts';
import { ActionButton } from './actionButton.tsx';
import { Icon } from './icon.tsx';
import { LetterDetail } from './letterDetail.tsx';
import { droppedText, redrivenText } from './letterTexts.ts';
import { lettersWith, request } from './requests.ts';
import type { Seen } from './seen.ts';

/** Whoever types has come to an end. */
const TYPED_MS = 250;
/** What could not be read is read again. */
const AGAIN_MS = 5_000;

/** Records that were given up: what was thrown, what they hold, and what becomes of them. */
export function DeadLetters({ seen, now }: { seen: Seen; now: number }) {
  const [error, setError] = useState('');
  const [open, setOpen] = useState<string>();
  const { answer, failure, reload } = useLetters(error, seen.state?.deadLetters);
  const all = seen.state?.deadLetters ?? answer?.all ?? 0;
  const letters = answer?.letters ?? [];
  const done = (says: string): string => {
    reload();
    return says;
  };
  const which = error === '' ? ({ all: true } as const) : { error };
  const some = error === '' ? 'all' : 'those';
  return (
    <section class="card letters" aria-labelledby="letters">
      <div class="heading">
        <h2 id="letters">Dead letters{all > 0 ? ` · ${counted(all)}` : ''}</h2>
        {(all > 0 || error !== '') && (
          <input
            type="search"
            placeholder="in what was thrown"
            aria-label="Only those in whose message this stands"
            value={error}
            onInput={({ currentTarget }) => setError(currentTarget.value)}
          />
        )}
      </div>
      {letters.length > 0 && (
        <div class="actions">
          {seen.about.redrivenBy !== undefined && (
            <ActionButton
              label={`Redrive ${some}`}
              icon="redrive"
              act={() => request('redrive', which).then((answered) => done(redrivenText(answered)))}
            />
          )}
          <ActionButton
            label={`Drop ${some}`}
            icon="drop"
            question={`Drop ${some === 'all' ? several(all, 'dead letter') : 'those that fit'} for good?`}
            act={() => request('drop', which).then((answered) => done(droppedText(answered)))}
          />
        </div>
      )}
      {seen.about.cannotRedrive !== undefined && letters.length > 0 && (
        <p class="advice">{seen.about.cannotRedrive}</p>
      )}
      {failure !== undefined && (
        <p class="failed" role="alert">
          {failure}
        </p>
      )}
      {letters.length === 0 && failure === undefined && (
        <p class="none">
          {error === ''
            ? 'None: every record that was passed was processed.'
            : 'None has this in what was thrown.'}
        </p>
      )}
      <ul>
        {letters.map((letter) => (
          <LetterRow
            key={letter.id}
            {...{ letter, now }}
            isOpen={letter.id === open}
            onToggle={() => setOpen(letter.id === open ? undefined : letter.id)}
          >
            <LetterDetail id={letter.id} about={seen.about} onDone={done} now={now} />
          </LetterRow>
        ))}
      </ul>
      {answer?.more && <p class="none">More of them fit: say in what was thrown which are meant.</p>}
    </section>
  );
}

interface LetterRowProps {
  readonly letter: Letter;
  readonly now: number;
  readonly isOpen: boolean;
  onToggle(): void;
  readonly children: preact.ComponentChildren;
}

function LetterRow({ letter, now, isOpen, onToggle, children }: LetterRowProps) {
  const { id, givenUpAt, why, message, redrives, redriveMessage } = letter;
  return (
    <li class={isOpen ? 'is-open' : undefined}>
      <button type="button" class="opens" aria-expanded={isOpen} onClick={onToggle}>
        <Icon name="open" />
        <span class="id" title={id}>
          <span>{id.slice(0, id.lastIndexOf('/') + 1)}</span>
          {id.slice(id.lastIndexOf('/') + 1)}
        </span>
        <span class="message">{redriveMessage ?? (message === '' ? why : message)}</span>
        <span class="when">
          {redrives > 0 && <em>{redrives === 1 ? 'redriven once' : `redriven ${redrives} times`}</em>}
          {duration(now - givenUpAt)} ago
        </span>
      </button>
      {isOpen && children}
    </li>
  );
}

/** Those that fit, read again when their number changes. */
function useLetters(error: string, count: number | undefined) {
  const [answer, setAnswer] = useState<LettersAnswer>();
  const [failure, setFailure] = useState<string>();
  const [turn, setTurn] = useState(0);
  const reload = (): void => setTurn((before) => before + 1);
  useEffect(() => {
    let isOver = false;
    let timer = setTimeout(() => {
      lettersWith({ error }).then(
        (told) => {
          if (isOver) return;
          setAnswer(told);
          setFailure(undefined);
        },
        ({ message }: Error) => {
          if (isOver) return;
          setFailure(message);
          timer = setTimeout(reload, AGAIN_MS);
        },
      );
    }, TYPED_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [error, count, turn]);
  return { answer, failure, reload };
}
