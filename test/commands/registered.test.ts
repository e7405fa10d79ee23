import { Command } from 'commander';
import { expect, test } from 'vitest';
import { registerActing } from '../../src/commands/register/acting.ts';
import { registerKeys } from '../../src/commands/register/keys.ts';
import { registerLooking } from '../../src/commands/register/looking.ts';
import type { Registry } from '../../src/commands/register/registry.ts';
import { registerRunning } from '../../src/commands/register/running.ts';
import { textOf } from '../support/markdown.ts';
import { pretendTerminal } from '../support/terminal.ts';

/** All commands as the program registers them. */
function registered(): readonly Command[] {
  const program = new Command('rekeyd');
  const registry: Registry = {
    terminal: pretendTerminal(),
    command: (name, description) => program.command(name).description(description),
    onPolicy: (name, description) => registry.command(name, description).option('--config <file>'),
    ends: async () => {},
    leaves: async () => {},
    isUnread: false,
  };
  for (const register of [registerRunning, registerLooking, registerActing, registerKeys]) register(registry);
  return program.commands;
}

const optionsOf = (command: Command) => command.options.map(({ long }) => long);

test('every command of the design is there', () => {
  expect(registered().map((command) => command.name())).toEqual(
    expect.arrayContaining([
      ...['run', 'check', 'plan', 'status', 'rotate', 'keys', 'revoke', 'leaked', 'retire', 'hold', 'release'],
      ...['credentials', 'sandbox', 'schema', 'healthcheck'],
    ]),
  );
});

test('what shows something has --json, and what asks has --yes', () => {
  const having = (option: string) =>
    registered()
      .filter((command) => optionsOf(command).includes(option))
      .map((command) => command.name());
  expect(having('--json')).toEqual(expect.arrayContaining(['check', 'plan', 'status', 'rotate', 'keys']));
  expect(having('--yes')).toEqual(expect.arrayContaining(['keys', 'revoke', 'leaked', 'retire']));
});

test('every command, and every option of those that have a section, stands in docs/COMMANDS.md', () => {
  const text = textOf('docs/COMMANDS.md');
  for (const command of registered()) {
    expect(text, command.name()).toMatch(new RegExp(`(^### .*|^- )\`${command.name()}\\b`, 'm'));
  }
  for (const name of ['status', 'plan', 'check', 'keys', 'rotate']) {
    const command = registered().find((one) => one.name() === name);
    for (const option of command ? optionsOf(command) : []) expect(text, `${name} ${option}`).toContain(option ?? '?');
  }
});
