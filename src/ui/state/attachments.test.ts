/** The form in which files are sent, which files are text, and how a conversation with files is kept. */
import { describe, expect, it } from 'vitest';
import { decodeText, freeTokens, messageText, parseAttachments } from './attachments.ts';
import { ask, editTurn, emptyConversation, toMessages } from './conversation.ts';
import { parseSaved, toSaved } from './history.ts';
import { parsePresets, preset, presetOf, withPreset } from './presets.ts';
import { DEFAULT_SETTINGS } from './settings.ts';

const NOTES = { name: 'notes.txt', text: 'Buy milk.\n', numTokens: 4 };

describe('files', () => {
  it('stand before the question, between marks with their names', () => {
    expect(messageText('Why?', [NOTES])).toBe('<file name="notes.txt">\nBuy milk.\n</file>\n\nWhy?');
    expect(messageText('Why?')).toBe('Why?');
    expect(messageText('', [{ ...NOTES, name: 'a "b".txt' }])).toBe(`<file name="a 'b'.txt">\nBuy milk.\n</file>`);
  });

  it('are text when their bytes are UTF-8', () => {
    expect(decodeText(new TextEncoder().encode('Grüße').buffer)).toBe('Grüße');
    expect(decodeText(Uint8Array.of(0xff, 0xd8, 0xff).buffer)).toBeUndefined();
    expect(decodeText(Uint8Array.of(65, 0, 66).buffer)).toBeUndefined();
  });

  it('share half of the context', () => {
    expect(freeTokens(4096, [])).toBe(2048);
    expect(freeTokens(20, [NOTES, NOTES, NOTES])).toBe(0);
  });

  it('stay with their question when it is edited, kept and read back', () => {
    const talk = editTurn(ask(emptyConversation('c'), 'One', [NOTES]), 1, 'Two');
    expect(toMessages(talk, '')).toEqual([{ role: 'user', content: messageText('Two', [NOTES]) }]);
    const read = parseSaved(JSON.parse(JSON.stringify(toSaved(talk, 1))));
    expect(read?.conversation.turns[0]).toEqual({ kind: 'user', id: 3, text: 'Two', attachments: [NOTES] });
    expect(parseAttachments([{ name: 'x' }, 7, { name: 'y', text: 'z' }])).toEqual([
      { name: 'y', text: 'z', numTokens: 0 },
    ]);
  });
});

describe('presets', () => {
  it('are known by their settings, and replaced by their name', () => {
    const brief = preset('brief', 'Brief', { systemPrompt: 'Be brief.', temperature: 0.1 });
    const settings = { ...DEFAULT_SETTINGS, ...brief.settings, maxTokens: 7 };
    expect(presetOf(settings, [brief])).toBe(brief);
    expect(presetOf({ ...settings, temperature: 0.2 }, [brief])).toBeUndefined();
    const own = withPreset(withPreset([], 'Mine', DEFAULT_SETTINGS), 'Mine', settings);
    expect(own).toEqual([{ id: 'own:Mine', name: 'Mine', settings: brief.settings }]);
    expect(parsePresets(JSON.parse(JSON.stringify(own)))).toEqual(own);
    expect(parsePresets([{ name: '' }, null, { name: 'Odd', settings: { temperature: 99, topP: 'x' } }])).toEqual([
      preset('own:Odd', 'Odd', { temperature: 2 }),
    ]);
  });
});
