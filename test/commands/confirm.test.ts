import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { confirmed } from '../../src/commands/confirm.ts';
import { askPerson } from '../../src/commands/question.ts';
import { UsageError } from '../../src/commands/terminal.ts';

/** A person who says this, and what they were asked. */
function personSaying(answer: string) {
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    return answer;
  };
  return { ask, asked };
}

test.each(['y', 'Y', 'yes', ' YES '])('a person who types %j agrees', async (answer) => {
  expect(await confirmed('Revoke it?', { yes: false }, personSaying(answer))).toBe(true);
});

test.each(['', 'n', 'no', 'yy', 'ja', 'rotate'])('a person who types %j does not agree', async (answer) => {
  expect(await confirmed('Revoke it?', { yes: false }, personSaying(answer))).toBe(false);
});

test('--yes answers the question without asking anybody', async () => {
  const person = personSaying('no');
  expect(await confirmed('Revoke it?', { yes: true }, person)).toBe(true);
  expect(await confirmed('Revoke it?', { yes: true }, {})).toBe(true);
  expect(person.asked).toEqual([]);
});

test('where nobody can answer, the call is refused as wrong and says what to say', async () => {
  const refused = confirmed('Revoke it?', { yes: false }, {});
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow('Revoke it? Nobody can answer here: say --yes if it is to be done.');
});

test('what a question quotes does nothing to the terminal', async () => {
  const person = personSaying('n');
  await confirmed('Revoke "\u001b[2Jbackup"?', { yes: false }, person);
  expect(person.asked).toEqual(['Revoke "\\u001b[2Jbackup"? [y/N] ']);
});

/** A terminal on which somebody presses these keys. */
function keyboard() {
  const input = new PassThrough();
  const output = new PassThrough();
  return { input, output, shown: () => String(output.read() ?? '') };
}

const never = new Promise<void>(() => {});

test('a question is shown, and the line that is typed is the answer', async () => {
  const { input, output, shown } = keyboard();
  const answer = askPerson('Sure? ', { input, output }, never);
  input.write('yes\r');
  expect(await answer).toBe('yes');
  expect(shown()).toContain('Sure? ');
});

test.each([
  ['Ctrl-C', (input: PassThrough) => void input.write('\u0003')],
  ['Ctrl-C after half an answer', (input: PassThrough) => void input.write('ye\u0003')],
  ['Ctrl-D', (input: PassThrough) => void input.write('\u0004')],
  ['the end of the input', (input: PassThrough) => void input.end()],
])('%s is no answer', async (_, press) => {
  const { input, output } = keyboard();
  const answer = askPerson('Sure? ', { input, output }, never);
  press(input);
  expect(await answer).toBe('');
});

test('a signal that ends the process is no answer', async () => {
  const { input, output } = keyboard();
  expect(await askPerson('Sure? ', { input, output }, Promise.resolve())).toBe('');
});
