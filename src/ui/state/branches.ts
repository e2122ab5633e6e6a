/**
 * The versions of a conversation: where a question was edited or an answer asked for again, what stood there before is kept
 * with everything that followed it. Pure; it knows neither the engine nor the screen.
 */
import type { Branch, Conversation, TurnId } from './turns.ts';

/** The parent of a first turn. */
const BEGINNING: TurnId = 0;

export interface Versions {
  /** The first turn of each version, oldest first; the shown one among them. */
  readonly ids: readonly TurnId[];
  /** Where the shown one stands in `ids`. */
  readonly shown: number;
}

/** The conversation up to `index`; what stood from there on becomes a branch. */
export function setAside(conversation: Conversation, index: number): Conversation {
  const turns = conversation.turns.slice(index);
  if (turns.length === 0) return conversation;
  const branch: Branch = { parent: parentAt(conversation, index), turns };
  return { ...conversation, turns: conversation.turns.slice(0, index), branches: [...conversation.branches, branch] };
}

/** The versions of the turn at `index`. */
export function versionsAt(conversation: Conversation, index: number): Versions {
  const id = conversation.turns[index]?.id;
  if (id === undefined) return { ids: [], shown: -1 };
  const parent = parentAt(conversation, index);
  const others = conversation.branches.filter((branch) => branch.parent === parent).map(firstId);
  const ids = [id, ...others].sort((a, b) => a - b);
  return { ids, shown: ids.indexOf(id) };
}

/** Shows the version that begins with the turn `id`, and what followed it; nothing changes where there is none. */
export function showVersion(conversation: Conversation, id: TurnId): Conversation {
  const branch = conversation.branches.find((candidate) => firstId(candidate) === id);
  if (branch === undefined) return conversation;
  const before = conversation.turns.findIndex((turn) => turn.id === branch.parent);
  if (before < 0 && branch.parent !== BEGINNING) return conversation;
  const rest = conversation.branches.filter((candidate) => candidate !== branch);
  const shortened = setAside({ ...conversation, branches: rest }, before + 1);
  return { ...shortened, turns: [...shortened.turns, ...branch.turns] };
}

function parentAt(conversation: Conversation, index: number): TurnId {
  return conversation.turns[index - 1]?.id ?? BEGINNING;
}

function firstId(branch: Branch): TurnId {
  return branch.turns[0]?.id ?? BEGINNING;
}
