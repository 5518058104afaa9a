/** Words that ask for reasoning, code, advice or long texts: what a smaller model does visibly worse. */
import { wordPattern } from "./words.ts";

const ENGLISH = `prove, proof, theorem, lemma, derive, derivation, induction, integral, differential, residue, singularit, solve,
  compute=, computes=, evaluate, expected number, estimator, algorithm, complexity, implement, refactor, debug, root cause, race condition,
  concurren, deadlock, vulnerab, audit=, audit the, auditing, constant time, attack, architecture, design a, design an, design the, event-driven,
  trade-off, tradeoff, optimi, unit test, with tests, parser, bytecode, explain, why=, justif, reason,
  analy, assess, compare, contrast, critical, argue, argument, rebut, recommend, strateg, hypothes, propose, interpret,
  diagnos, dosing, interactions, enforceab, claim for, liab, case law, advise, draft, redline, plan a, plan for, plan the,
  migration, step by step, step-by-step, second-order, reconcil, research, investigat, forecast, essay, story=, novel=,
  chapter, paper=, poem, sonnet, speech, proposal, quantif, inconsisten, contradict, experiment, idiomatic, semantics,
  exactly-once, riskier, risks, should a, should we, should i=, what would, find the bug, find out, leak,
  verify, repair, decide whether the, rank them, likely, treatment,
  mismatch, continue, qualifies, what is going on, significant, campaign`;

const GERMAN = `beweis, leite=, herleit, begründ, warum, wieso, woran, prüfe, analys, vergleich, entwickle, strateg, implementier,
  refaktor, gutacht, differenzialdiagnos, differentialdiagnos, erkläre, plane, finde heraus, schwachstelle, patch=, patches=, festrede,
  wirksam, anspruch, hypothese, konvergent`;

const ROMANCE = `démontr, prouv, calcul, intégrale, pourquoi, justifi, analys, compare, compar, propos, argument, rédige, écris, écrire,
  implément, trouve la cause, négoci, conduite à tenir, jurisprudence, établis, valable, livre blanc,
  demuestr, demostr, por qué, analiz, contrast, optimi, refactor, diseñ, diseña, tributa, tratamiento, explica, propon, elabor,
  justific, dimostr, perché, spieg, confront, saggio, difendi, scrivi, estratég, estrateg, strateg, conduta, raciocínio, avali,
  por que, explique`;

const OTHERS = `bewijs, waarom, leg uit, analyseer, vergelijk, ontwerp, udowodnij, wyjaśnij, dlaczego, zaprojektuj, докаж, найдите все,
  найди причин, обоснуй, почему, причин, объясни, реши=, спроектируй, сравни, напиши, kanıtla, neden, açıkla, analiz et, karşılaştır, tasarla,
  أثبت, لماذا, اشرح, حلل, قارن, صمم, सिद्ध, क्यों, समझा, विश्लेषण`;

const UNSPACED = `证明, 推导, 讨论, 为什么, 解释, 实现, 设计, 分析, 比较, 编写, 最小值, 最大值, 求函数, 証明, なぜ, 原因, 導出,
  説明し, 設計, 実装, 修正案, 求めよ, 증명, 왜, 유도, 설명, 설계, 구현, 분석`;

export const HARD = wordPattern([ENGLISH, GERMAN, ROMANCE, OTHERS].join(","), UNSPACED);

/** What the system prompt of a worker says that plans and acts for long. */
export const AGENT = wordPattern(
  `autonomous, coding agent, software engineer, research agent, deep research, orchestrat, sub-agent, subagent, decompose,
   sre agent, repository, keep working, continue until, analyse-agent, plan\\, edit, agente autónom, agent autonome, agent de recherche`.replaceAll(
    "\\,",
    " ",
  ),
  "自主, エージェント",
);

/** Formulas, and code that is not data: brackets and semicolons of programs, not of JSON. */
const MATHS = /[∫∑∏√≤≥≠∞∂∇→⇒∀∃]|\\(?:frac|int|sum|lim)|\b[a-z]\([a-z]\)|[a-z0-9)]\^[a-z0-9({]/u;
const CODE_BLOCK = /```(?!json|csv|ya?ml|xml|markdown|md\b|text|txt)\w*\n/;
const CODE_LINE =
  /(?:^|\n)\s*(?:def |class |import |from \w+ import |func |fn |public |private |SELECT |if ?\(|for ?\(|while ?\(|int \w+\()|\bat \w+\.\w+ \(/;

/** The instruction alone decides on words; formulas and code count wherever they stand. */
export function isHard(instruction: string, prompt: string): boolean {
  if (HARD.test(instruction)) return true;
  return MATHS.test(prompt) || CODE_BLOCK.test(prompt) || CODE_LINE.test(prompt);
}
