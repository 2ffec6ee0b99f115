import { useEffect, useState } from 'preact/hooks';
import { counted } from '../../amounts.ts';
import type { About, Content, LetterAnswer } from '../feed.ts';
import { ActionButton } from './actionButton.tsx';
import { droppedText, redrivenText } from './letterTexts.ts';
import { letterOf, request } from './requests.ts';
import { timeOf } from './times.ts';

interface LetterDetailProps {
  readonly id: string;
  readonly about: About;
  onDone(says: string): string;
  readonly now: number;
}

/** One dead letter with what its record holds. Whatever somebody wrote is shown as text, and nothing else. */
export function LetterDetail({ id, about, onDone, now }: LetterDetailProps) {
  const [letter, setLetter] = useState<LetterAnswer>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    letterOf(id).then(setLetter, ({ message }: Error) => setFailure(message));
  }, [id]);
  if (failure !== undefined) {
    return (
      <p class="detail failed" role="alert">
        {failure}
      </p>
    );
  }
  if (letter === undefined) return <p class="detail none">Reading it …</p>;
  return (
    <div class="detail">
      <Payload record={letter.record} />
      <dl>
        {factsOf(letter, now).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="actions">
        {about.redrivenBy !== undefined && (
          <ActionButton
            label="Redrive"
            icon="redrive"
            act={() => request('redrive', { id }).then((answer) => onDone(redrivenText(answer)))}
          />
        )}
        <ActionButton
          label="Drop"
          icon="drop"
          question="Drop it for good?"
          act={() => request('drop', { id }).then((answer) => onDone(droppedText(answer)))}
        />
      </div>
    </div>
  );
}

function factsOf(letter: LetterAnswer, now: number): [string, string][] {
  const {
    givenUpAt,
    why,
    attempts,
    firstAt,
    lastAt,
    message,
    redriveMessage,
    stream,
    shard,
    index,
    timeMs,
    record,
  } = letter;
  const tags = Object.entries(record?.tags ?? {}).map(([name, value]) => `${name}=${value}`);
  const facts: [string, string | undefined][] = [
    ['message', message],
    ['given up', `${timeOf(givenUpAt, now)}: ${why}`],
    ['attempts', `${attempts}, from ${timeOf(firstAt, now)} to ${timeOf(lastAt, now)}`],
    ['last redrive', redriveMessage],
    ['from', `${Object.values(stream).join('/')}, shard ${shard}, record ${index + 1} of its range`],
    ['time', timeOf(timeMs, now)],
    ['topic', record?.topic],
    ['source', record?.source],
    ['tags', tags.join(', ')],
    ['version', letter.functionVersion],
  ];
  return facts.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, value] as [string, string]],
  );
}

function Payload({ record }: { record: LetterAnswer['record'] | undefined }) {
  if (record === undefined) {
    return (
      <p class="none">
        Its record was too large to be kept: a redrive reads it from the stream, as long as that has it.
      </p>
    );
  }
  return (
    <div class="payload">
      {record.fields.map(({ key, value }, index) => (
        <div key={index} class="field">
          <span class="key">
            <Bytes content={key} />
          </span>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard. */}
          <pre tabIndex={0}>
            <Bytes content={value} />
          </pre>
        </div>
      ))}
      {record.fieldsLeft > 0 && <p class="none">and {counted(record.fieldsLeft)} more fields</p>}
    </div>
  );
}

const Bytes = ({ content: { text, as, bytes, cut } }: { content: Content }) => (
  <>
    {as === 'hex' && <small class="as">{counted(bytes)} bytes, no UTF-8 </small>}
    {as === 'hex' ? text.replaceAll(/(..)(?=.)/g, '$1 ') : text}
    {cut && <small class="as"> … {counted(bytes)} bytes in all</small>}
  </>
);
