/**
 * Conversations that outlive the page: what is kept of one, how it is read back from storage or from a file somebody
 * exported (which may hold anything), and how it is written for other programs and for people. Pure.
 */
import type { FinishReason } from '../../worker/api.ts';
import { parseAttachments } from './attachments.ts';
import { isErrorName, type Failure } from '../errors.ts';
import type { Answer, AnswerStats, AssistantTurn, Branch, Conversation, Turn } from './turns.ts';

export interface SavedConversation {
  /** The same as the conversation's. */
  readonly id: string;
  readonly title: string;
  /** The title was given by the visitor; else it follows the first question. */
  readonly named: boolean;
  readonly updatedMs: number;
  readonly conversation: Conversation;
}

const FORMAT = 'linnet-conversations';
const VERSION = 1;
const TITLE_CHARS = 60;
const INTERRUPTED: Failure = { name: 'Aborted', message: 'The page was closed while this was written.' };
const FINISH_REASONS: readonly FinishReason[] = ['stop', 'length', 'aborted', 'toolCalls'];
const STATS: readonly (keyof AnswerStats)[] = [
  'tokensPerSecond',
  'timeToFirstTokenMs',
  'numGeneratedTokens',
  'numPromptTokens',
  'numCachedTokens',
  'contextUsed',
  'contextLength',
];

/** @param before what was kept of it until now */
export function toSaved(conversation: Conversation, updatedMs: number, before?: SavedConversation): SavedConversation {
  const named = before?.named === true;
  const title = named ? before.title : titleOf(conversation);
  return { id: conversation.id, title, named, updatedMs, conversation };
}

export function titleOf(conversation: Conversation): string {
  const first =
    conversation.turns
      .find((turn) => turn.kind === 'user')
      ?.text.replace(/\s+/g, ' ')
      .trim() ?? '';
  return first.length <= TITLE_CHARS ? first : `${first.slice(0, TITLE_CHARS - 1).trimEnd()}…`;
}

/** Newest first, those that say all the words of the query somewhere. */
export function searchHistory(history: readonly SavedConversation[], query: string): readonly SavedConversation[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const matches = history.filter((saved) => {
    const text = [saved.title, ...allTurns(saved.conversation).map((turn) => turn.text)].join('\n').toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return matches.sort((a, b) => b.updatedMs - a.updatedMs);
}

function allTurns(conversation: Conversation): readonly Turn[] {
  return [...conversation.turns, ...conversation.branches.flatMap((branch) => branch.turns)];
}

/** For `importConversations`, here or on another device. */
export function exportJson(history: readonly SavedConversation[]): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, conversations: history }, null, 1)}\n`;
}

/** What is shown of a conversation, for people. */
export function exportMarkdown(
  saved: SavedConversation,
  names: { readonly user: string; readonly assistant: string },
): string {
  const turns = saved.conversation.turns.map((turn) => {
    const files = turn.kind === 'user' ? (turn.attachments ?? []).map(({ name }) => `_${name}_\n\n`).join('') : '';
    return `**${names[turn.kind]}**\n\n${files}${turn.text}`;
  });
  return `# ${saved.title}\n\n${turns.join('\n\n')}\n`;
}

/** @returns undefined for a file that is none of ours; conversations in it that are damaged are left out and counted */
export function importConversations(
  text: string,
): { readonly conversations: readonly SavedConversation[]; readonly numDamaged: number } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value['format'] !== FORMAT || !Array.isArray(value['conversations'])) return undefined;
  const parsed = value['conversations'].map(parseSaved);
  const conversations = parsed.filter((saved) => saved !== undefined);
  return { conversations, numDamaged: parsed.length - conversations.length };
}

/** The guard for whatever storage or a file holds. An answer that was still being written counts as interrupted. */
export function parseSaved(value: unknown): SavedConversation | undefined {
  if (!isRecord(value) || !isRecord(value['conversation'])) return undefined;
  const { id, title, named, updatedMs } = value;
  const turns = parseTurns(value['conversation']['turns']);
  const branches = parseBranches(value['conversation']['branches']);
  if (typeof id !== 'string' || id === '' || typeof title !== 'string' || typeof updatedMs !== 'number')
    return undefined;
  if (turns === undefined || branches === undefined) return undefined;
  const all = [turns, ...branches.map((branch) => branch.turns)].flat();
  if (new Set(all.map((turn) => turn.id)).size < all.length) return undefined;
  const nextTurnId = Math.max(0, ...all.map((turn) => turn.id)) + 1;
  return { id, title, named: named === true, updatedMs, conversation: { id, turns, branches, nextTurnId } };
}

function parseBranches(value: unknown): readonly Branch[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const branches = value.map((branch: unknown): Branch | undefined => {
    if (!isRecord(branch) || typeof branch['parent'] !== 'number') return undefined;
    const turns = parseTurns(branch['turns']);
    return turns === undefined || turns.length === 0 ? undefined : { parent: branch['parent'], turns };
  });
  return branches.includes(undefined) ? undefined : branches.filter((branch) => branch !== undefined);
}

function parseTurns(value: unknown): readonly Turn[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const turns = value.map(parseTurn);
  return turns.includes(undefined) ? undefined : turns.filter((turn) => turn !== undefined);
}

function parseTurn(value: unknown): Turn | undefined {
  if (!isRecord(value)) return undefined;
  const { kind, id, text, notes, numDropped, seed } = value;
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 1 || typeof text !== 'string') return undefined;
  if (kind === 'user') {
    const attachments = parseAttachments(value['attachments']);
    return attachments.length === 0 ? { kind, id, text } : { kind, id, text, attachments };
  }
  if (kind !== 'assistant') return undefined;
  const turn: AssistantTurn = {
    kind,
    id,
    text,
    answer: parseAnswer(value['answer']),
    notes: Array.isArray(notes) ? notes.filter((note) => typeof note === 'string') : [],
    numDropped: typeof numDropped === 'number' ? numDropped : 0,
    seed: typeof seed === 'number' ? seed : undefined,
  };
  return turn;
}

function parseAnswer(value: unknown): Answer {
  const interrupted: Answer = { status: 'failed', failure: INTERRUPTED, engineIsBack: true };
  if (!isRecord(value)) return interrupted;
  const finishReason = FINISH_REASONS.find((reason) => reason === value['finishReason']);
  const stats = parseStats(value['stats']);
  if (value['status'] === 'done' && finishReason !== undefined && stats !== undefined) {
    return { status: 'done', finishReason, stats };
  }
  const { failure } = value;
  if (!isRecord(failure) || !isErrorName(failure['name']) || typeof failure['message'] !== 'string') return interrupted;
  return { ...interrupted, failure: { name: failure['name'], message: failure['message'] } };
}

function parseStats(value: unknown): AnswerStats | undefined {
  if (!isRecord(value) || !STATS.every((name) => typeof value[name] === 'number')) return undefined;
  return Object.fromEntries(STATS.map((name) => [name, value[name]])) as unknown as AnswerStats;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
