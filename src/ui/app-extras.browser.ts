/** Presets, attached files, thoughts and tool calls, probabilities, the language, over the scripted engine: as a visitor uses them. */
import { describe, expect, it } from 'vitest';
import { userEvent } from 'vitest/browser';
import { byId, usePage } from './testing/page-bench.ts';

const { openChat, say } = usePage();

describe('a preset', () => {
  it('sets prompt and sampling; own ones are kept under a name, and deleted', async () => {
    const fake = await openChat();
    await byId('settings-button').click();
    await expect.element(byId('settings-preset')).toHaveValue('default');
    await userEvent.selectOptions(byId('settings-preset'), 'precise');
    await expect.element(byId('settings-temperature')).toHaveValue(0.2);
    await expect.element(byId('settings-system')).toHaveDisplayValue(/exactly/);

    await byId('settings-system').fill('Speak like a pirate.');
    await expect.element(byId('settings-preset')).toHaveDisplayValue('Own settings');
    await byId('preset-save').click();
    await byId('preset-name').fill('Pirate');
    await byId('preset-keep').click();
    await expect.element(byId('settings-preset')).toHaveDisplayValue('Pirate');
    expect(localStorage.getItem('linnet.presets.v1')).toContain('pirate');
    await userEvent.selectOptions(byId('settings-preset'), 'default');
    await expect.element(byId('settings-system')).toHaveValue('');
    await userEvent.selectOptions(byId('settings-preset'), 'Pirate');
    await byId('settings-close').click();
    await say('Hello');
    await expect.poll(() => fake.generations.length).toBe(1);
    expect(fake.generations[0]).toMatchObject({
      input: { messages: [{ role: 'system', content: 'Speak like a pirate.' }, { role: 'user' }] },
      sampling: { temperature: 0.2, topP: 0.9 },
    });
    await byId('settings-button').click();
    await byId('preset-delete').click();
    await expect.element(byId('settings-preset')).toHaveDisplayValue('Own settings');
    expect(localStorage.getItem('linnet.presets.v1')).toBe('[]');
  });
});

describe('text files', () => {
  const notes = new File(['Buy milk.\n'], 'notes.txt');

  it('go with the question in the documented form, shown as chips', async () => {
    const fake = await openChat();
    await userEvent.upload(byId('attach-input'), notes);
    await expect.element(byId('attachment')).toHaveTextContent('notes.txt, 10 tokens');
    await byId('detach').click();
    await expect.element(byId('attachment')).not.toBeInTheDocument();
    await userEvent.upload(byId('attach-input'), [notes, new File(['x = 1'], 'code.py')]);
    await expect.element(byId('attachment').nth(1)).toBeVisible();
    await say('What is this?');
    await expect.element(byId('message-assistant')).toHaveAttribute('data-status', 'done');
    expect(fake.generations[0]?.input).toEqual({
      kind: 'chat',
      messages: [
        {
          role: 'user',
          content:
            '<file name="notes.txt">\nBuy milk.\n</file>\n\n<file name="code.py">\nx = 1\n</file>\n\nWhat is this?',
        },
      ],
    });
    // They stay with the turn, and leave the composer.
    await expect.element(byId('attachment').nth(1)).toHaveTextContent('code.py');
    await expect.element(byId('detach')).not.toBeInTheDocument();
    await byId('edit-button').click();
    await byId('edit-input').fill('And this?');
    await byId('edit-save').click();
    await expect.poll(() => fake.generations.length).toBe(2);
    expect(JSON.stringify(fake.generations[1]?.input)).toContain('Buy milk.');
  });

  it('are refused when they are no text, or longer than half of the context', async () => {
    await openChat();
    const notice = document.querySelector('linnet-app');
    const says = (text: string): Promise<void> => expect.poll(() => notice?.shadowRoot?.textContent).toContain(text);
    await userEvent.upload(byId('attach-input'), new File([new Uint8Array([0xff, 0xfe, 0])], 'photo.jpg'));
    await says('photo.jpg is no text file.');
    await userEvent.upload(byId('attach-input'), new File(['x'.repeat(2049)], 'long.txt'));
    await says('long.txt is too long: files may take 2,048 more tokens');
    await userEvent.upload(byId('attach-input'), new File(['x'.repeat(100_000)], 'longer.txt'));
    await says('longer.txt is too long');
    await expect.element(byId('attachment')).not.toBeInTheDocument();
  });

  it('come by a drop and by the clipboard; a model that is dropped is a model', async () => {
    const fake = await openChat();
    const drop = (...files: readonly File[]): void => {
      const dataTransfer = new DataTransfer();
      for (const file of files) dataTransfer.items.add(file);
      document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
    };
    drop(notes);
    await expect.element(byId('attachment')).toHaveTextContent('notes.txt');
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', 'y'.repeat(1999));
    const paste = (): boolean =>
      byId('composer')
        .element()
        .dispatchEvent(new ClipboardEvent('paste', { clipboardData, cancelable: true }));
    expect(paste()).toBe(true);
    clipboardData.setData('text/plain', `${'y'.repeat(1999)}${' '.repeat(4000)}`);
    expect(paste()).toBe(false);
    const { length } = fake.inspections;
    drop(new File(['GGUF'], 'model.GGUF'));
    await expect.poll(() => fake.inspections.length).toBe(length + 1);
  });
});

describe('an answer', () => {
  it('has its thoughts folded and its tool calls apart', async () => {
    const answer =
      '<think>\nThe user wants **weather**.\n</think>\n\nLet me see.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>';
    await openChat({ answer });
    await say('Weather?');
    await expect.element(byId('message-assistant')).toHaveAttribute('data-status', 'done');
    await expect.element(byId('answer-text')).toHaveTextContent('Let me see.');
    await expect.element(byId('thought-text')).not.toBeVisible();
    await byId('thought').getByText('Thought', { exact: true }).click();
    await expect.element(byId('thought-text')).toBeVisible();
    await expect.element(byId('thought-text')).toHaveTextContent('The user wants weather.');
    await expect.element(byId('tool-call')).toHaveTextContent('Wants to call weather');
    await expect.element(byId('tool-call')).toHaveTextContent('"city": "Oslo"');
    // Who listens hears what is said.
    await expect.element(byId('announcer')).toHaveTextContent(/^Let me see\.$/);
  });
});

describe('probabilities', () => {
  it('are shown for the token that is pointed at, and by the arrow keys, when that is set', async () => {
    const fake = await openChat({ answer: 'Once upon a time' });
    await byId('settings-button').click();
    await byId('settings-probabilities').click();
    await byId('settings-close').click();
    await say('Hello');
    await expect.element(byId('message-assistant')).toHaveAttribute('data-status', 'done');
    expect(fake.generations[0]?.sampling).toMatchObject({ topLogprobs: 5 });
    const tokens = byId('tokens');
    await expect.element(tokens).toHaveTextContent('Once upon a time');
    await tokens.getByRole('button', { name: 'upon' }).hover();
    await expect.element(byId('alternatives')).toHaveTextContent(/·upon\s*50%\s*·upon1\s*25%/);
    await tokens.getByRole('button', { name: 'upon' }).click();
    await userEvent.keyboard('{ArrowRight}');
    await expect.element(byId('alternatives')).toHaveTextContent(/·a\s*50%/);
    // Only one of them is a stop for the Tab key.
    expect(tokens.element().querySelectorAll('[tabindex="0"]')).toHaveLength(1);

    await byId('settings-button').click();
    await byId('settings-probabilities').click();
    await byId('settings-close').click();
    await expect.element(byId('answer-text')).toHaveTextContent('Once upon a time');
  });
});

describe('the language', () => {
  it('changes at once, with the chat as it was, and is remembered', async () => {
    await openChat();
    await say('Hello');
    await expect.element(byId('message-assistant')).toHaveAttribute('data-status', 'done');
    await byId('settings-button').click();
    await userEvent.selectOptions(byId('settings-language'), 'zh');
    await expect.element(byId('composer')).toHaveAttribute('placeholder', '输入消息');
    await expect.element(byId('answer-text')).toHaveTextContent('Once upon a time');
    expect(document.documentElement.lang).toBe('zh');
    expect(localStorage.getItem('linnet.language.v1')).toBe('"zh"');
    await byId('settings-button').click();
    await userEvent.selectOptions(byId('settings-language'), 'en');
    await expect.element(byId('composer')).toHaveAttribute('placeholder', 'Write a message');
  });
});
