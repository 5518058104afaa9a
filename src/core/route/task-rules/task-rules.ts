/** Shipped task rules: recognise what suits a smaller model, one rule after the other; in doubt nothing does. */
import { CLASSIFY, EXTRACT, FORMAT, FROM_CONTEXT, SUMMARISE } from "./easy-words.ts";
import {
  AGENT,
  isConditional,
  isHard,
  isJudgement,
  OPEN_ENDED,
  WORKER_TOOLS,
} from "./hard-words.ts";
import { type Asked, askedBy, excerpt } from "./instruction.ts";
import { CHAINED, CHOICE, FACTUAL, HYPOTHETICAL, JOINTS, LABELS, PICK } from "./shapes.ts";
import type { TaskRule, TaskVerdict, TaskView } from "./task-view.ts";
import { wordPattern } from "./words.ts";

/** Smaller models lose the thread of long inputs, and of long outputs; a few thousand are what clients allow anyway. */
const MOST_INPUT_TOKENS = 32_000;
const MOST_OUTPUT_TOKENS = 16_000;
/** An answer of this length is a label or a line. */
const LABEL_TOKENS = 64;
const MOST_OF_SYSTEM = 2_000;
/** Routine: few tools, a short wish, not far into a conversation. */
const MOST_TOOLS = 5;
const MOST_MESSAGES = 12;
const LONGEST_WISH = 120;
/** No more than a word or a number fits. */
const WORD_TOKENS = 16;
/** A form is filled in from a text of a page or two. */
const FORM_TOKENS = 1_500;
/** Where the instruction's own verb stands; one that comes later belongs to something else. */
const LONGEST_INSTRUCTION = 300;

const EASY_TYPES = wordPattern(
  "classif, label, tag, categor, intent, sentiment, triage, moderat, extract, summar, translat, format, title, rewrite, proofread",
);
const HARD_TYPES = wordPattern(
  "reason, plan, research, code, coding, review, agent, legal, medical, math, analys, writ, design",
);
/** "2,000 words", "8 pages": long texts need a plan. */
const LONG_TEXT =
  /\b\d[\d.,]*\d{2}[- ]?(?:words?|wörter|worte|palabras|mots|parole|palavras)\b|\b\d{1,3}[- ]?(?:pages?|seiten|páginas|pagine)\b/;

/** What the rules look at, cut out of the view once. */
interface Reading {
  readonly view: TaskView;
  readonly system: string;
  readonly prompt: string;
  readonly asked: Asked;
  readonly instruction: string;
}

type Rule = readonly [TaskRule, suits: boolean, why: string, (reading: Reading) => boolean];

/** The first that holds decides. */
const RULES: readonly Rule[] = [
  ["thinking", false, "the client asks for thought", ({ view }) => view.asksToThink],
  ["size", false, "long input or output", isLarge],
  ["media", false, "images, sound or documents", ({ view }) => view.hasMedia],
  ["task-type", false, "the task type's name", ({ view }) => named(view, HARD_TYPES)],
  ["task-type", true, "the task type's name", ({ view }) => named(view, EASY_TYPES)],
  ["agent", false, "a long-running agent, or many tools", isAgent],
  ["classification", true, "the system prompt wants a label", isLabelledBySystem],
  ["short-answer", true, "no more than a word is wanted", isWordOnly],
  ["hard-work", false, "reasoning, code, advice or a long text", isHardWork],
  ["structured-answer", true, "a short text becomes fields", isForm],
  ["extraction", true, "facts are picked out of a text", (reading) => asks(reading, EXTRACT)],
  ["summary", true, "a text is made shorter", (reading) => asks(reading, SUMMARISE)],
  ["formatting", true, "a text gets another form", (reading) => asks(reading, FORMAT)],
  ["classification", true, "a label is chosen", (reading) => asks(reading, CLASSIFY)],
  [
    "answer-from-context",
    true,
    "the answer is in the text",
    (reading) => asks(reading, FROM_CONTEXT),
  ],
  ["classification", true, "one of several labels fits a text", isChoice],
  ["answer-from-context", true, "a short question on a text", isQuestionOnText],
  ["routine-tool", true, "a short wish for one of a few tools", isRoutineTool],
];

/**
 * Classification, extraction, answering from given context, summarising, formatting and routine tool calls suit a
 * smaller model; everything else, and everything in doubt, does not.
 */
export function recogniseTask(view: TaskView): TaskVerdict {
  const prompt = excerpt(view.prompt);
  const system = view.system.slice(0, MOST_OF_SYSTEM).toLowerCase();
  const asked = askedBy(prompt);
  const reading = { view, system, prompt, asked, instruction: asked.instruction };
  const found = RULES.find(([, , , holds]) => holds(reading));
  if (found === undefined) return { suits: false, rule: "unknown", why: "no rule recognises it" };
  const [rule, suits, why] = found;
  return { suits, rule, why };
}

function named({ taskType }: TaskView, pattern: RegExp): boolean {
  return pattern.test(taskType.toLowerCase().replaceAll(/[_-]/g, " "));
}

function isLarge({ view, instruction }: Reading): boolean {
  if (view.inputTokens > MOST_INPUT_TOKENS) return true;
  return (view.maxOutputTokens ?? 0) > MOST_OUTPUT_TOKENS || LONG_TEXT.test(instruction);
}

function isAgent({ view, system }: Reading): boolean {
  if (view.tools.length === 0) return false;
  return (
    view.tools.length > MOST_TOOLS ||
    view.messages > MOST_MESSAGES ||
    view.tools.some((name) => WORKER_TOOLS.test(name)) ||
    AGENT.test(system)
  );
}

/** Then all of the prompt is material, whatever words are in it. */
function isLabelledBySystem({ view, system, prompt }: Reading): boolean {
  const isShort = view.output !== "text" || (view.maxOutputTokens ?? Infinity) <= LABEL_TOKENS;
  const isEasy = [CLASSIFY, EXTRACT, SUMMARISE, FORMAT].some((words) => words.test(system));
  return view.tools.length === 0 && isShort && isEasy && !isHard("", prompt);
}

function isHardWork({ instruction, prompt }: Reading): boolean {
  return (
    isHard(instruction, prompt) || isConditional(instruction) || isJudgement(instruction, prompt)
  );
}

function asks({ view, system, instruction }: Reading, words: RegExp): boolean {
  if (view.tools.length > 0) return false;
  return (
    words.test(system) || (instruction.length <= LONGEST_INSTRUCTION && words.test(instruction))
  );
}

function isWordOnly({ view, system, prompt }: Reading): boolean {
  const isWord = (view.maxOutputTokens ?? Infinity) <= WORD_TOKENS;
  return view.tools.length === 0 && isWord && !isHard(system, prompt);
}

function isForm({ view }: Reading): boolean {
  return view.tools.length === 0 && view.output !== "text" && view.inputTokens <= FORM_TOKENS;
}

function isChoice({ view, system, asked, instruction }: Reading): boolean {
  if (view.tools.length > 0) return false;
  if (LABELS.test(system) || CHOICE.test(system)) return true;
  return (
    asked.hasMaterial &&
    instruction.length <= LONGEST_INSTRUCTION &&
    (CHOICE.test(instruction) || PICK.test(instruction))
  );
}

function isQuestionOnText({ view, asked, instruction }: Reading): boolean {
  return (
    view.tools.length === 0 &&
    asked.isQuestionOnText &&
    FACTUAL.test(instruction) &&
    !HYPOTHETICAL.test(instruction)
  );
}

function isRoutineTool({ view, prompt, instruction }: Reading): boolean {
  const isWish = prompt.trim() !== "" && prompt.length <= LONGEST_WISH;
  const joints = instruction.match(JOINTS)?.length ?? 0;
  return (
    view.tools.length > 0 &&
    isWish &&
    joints < 2 &&
    !CHAINED.test(instruction) &&
    !OPEN_ENDED.test(instruction)
  );
}
