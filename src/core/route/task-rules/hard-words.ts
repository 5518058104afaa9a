/** Words that ask for reasoning, code, advice or long texts: what a smaller model does visibly worse. */
import { wordPattern } from "./words.ts";

const ENGLISH = `prove, proof, theorem, lemma, derive, derivation, induction, integral, differential, residue, singularit, solve,
  compute=, computes=, evaluate, expected number, estimator, algorithm, complexity, implement, refactor, debug, root cause, race condition,
  concurrency, concurrent, deadlock, vulnerab, audit=, audit the, auditing, constant time, attack, architecture, design a, design an, design the, event-driven,
  trade-off, tradeoff, optimi, unit test, with tests, parser, bytecode, explain, why=, justif, reason,
  analy, assess, compare, contrast, critical, argue, argument, rebut, recommend, strateg, hypothes, propose, interpret,
  diagnos, dosing, interactions, enforceab, claim for, liab, case law, advise, draft, redline, plan a, plan for, plan the,
  migration, step by step, step-by-step, second-order, reconcil, research, investigat, forecast, essay, story=, novel=,
  chapter, paper=, poem, sonnet, speech, proposal, quantif, inconsisten, contradict, experiment, idiomatic, semantics,
  exactly-once, riskier, risks, should a, should we, should i=, what would, find the bug, find out, leak,
  verify, repair, decide whether the, rank them, likely, treatment,
  mismatch, continue, qualifies, what is going on, significant, campaign, such that, subject to, minimi, maximi,
  optimal, fewest, as few, shortest, work out, figure out, calculate, calculation, predict, estimate, determine, judge, tell me how, rigorous, fair value,
  volatility, stereo, binding, liable, rhym, metre, alexandrin, show that, show how, how do i decide, cheapest combination, constraint, equation, steady state, implications, consequences, ramifications, impact of,
  pros and cons, advantages, disadvantages, how would you, best way, discuss, naming the, name the test, define, outline, weigh, exposure,
  comment on, elaborate, examine, investigate, brainstorm, invent, imagine, simulate, forecast, model of, into a model, from scratch, negotiat, contest, credib, ethic`;

const GERMAN = `beweis, leite=, herleit, begründ, warum, wieso, woran, prüfe=, beurteil, bewerte=, bewerten sie, analys, vergleich, entwickle, strateg, implementier,
  refaktor, gutacht, differenzialdiagnos, differentialdiagnos, erkläre, plane, finde heraus, schwachstelle, patch=, patches=, festrede,
  wirksam, anspruch, hypothese, konvergent`;

const ROMANCE = `évalu, prédi, valora, predic, démontr, montrer que, montrez que, prouv, calcul, intégrale, pourquoi, justifi, analys, compare, compar, propos, argument, rédige, écris, écrire,
  implément, trouve la cause, négoci, conduite à tenir, jurisprudence, établis, valable, livre blanc,
  demuestr, demostr, por qué, analiz, contrast, optimi, refactor, diseñ, diseña, tributa, tratamiento, explica, propon, elabor,
  justific, dimostr, perché, spieg, confront, saggio, difendi, scrivi, estratég, estrateg, strateg, conduta, raciocínio, avali,
  por que, explique`;

/** A judgement about health, law or money, where being wrong costs more than the model saves. */
const STAKES = wordPattern(
  `patient, symptom, drug, dose, dosis, medic, pregnan, pain, fever, surgery, contract, clause, lease, landlord, tenant, court, lawsuit,
   liab, breach, claim, deposit, tax=, taxes, invest, valuation, arzt, schmerz, vertrag, klausel, gericht, miete, steuer, urteil,
   contrat, clause, tribunal, bail, impôt, médec, contrato, cláusula, juez, despido, impuesto, médic, contratto, medico, paciente`,
  "患者, 契約, 合同, 法院, 薬, 药",
);
const JUDGEMENT = wordPattern(
  `is it, is this, are we, am i, can my, can i, can we, can he, can they, may i, do i, do we, does this, does our, whether, tell me if, safe,
   should, must i, what do, which of my, could cause, ist es, ist das, darf, muss ich, ob=, est-il, est-ce, puis-je, peut, doit,
   es nulo, ¿es, puedo, debo, posso, devo, si=`,
  "是否, べきか, できますか",
);

/** A condition, or a second request behind the first: then the first one's verb says little about the work. */
const CONDITION = wordPattern(
  `so that, given that, knowing that, such that, assuming, in a way that, as long as, without losing, without changing, without breaking,
   same effect, same legal, under the rules, if our, if the, if we, if they, if i=, in case, sodass, so dass, unter der annahme, ohne dass, de sorte que, de manière à, sachant que, sans perdre,
   de modo que, sabiendo que, sin perder, in modo che, sapendo che, tak aby, чтобы`,
  "使得, 假设, ように, ただし, 하도록",
);
const SECOND_REQUEST =
  /(?<!\p{L})(?:and|und|et|y|e|и|then)\s+(?:how|what|why|which|who|whether|when|if|say|tell|decide|suggest|recommend|predict|find out|work|discuss|define|interpret|explain|compare|comment|outline|name|state|verify|check|prove|estimate|plan|propose|wie|was|warum|ob|sag|welche|comment|pourquoi|dis|si|quel|qué|cómo|por qué|di|cuál|come|cosa|perché|como|por que|как|почему|что)(?!\p{L})/u;

export function isConditional(instruction: string): boolean {
  return CONDITION.test(instruction) || SECOND_REQUEST.test(instruction);
}

export function isJudgement(instruction: string, prompt: string): boolean {
  return JUDGEMENT.test(instruction) && STAKES.test(prompt.toLowerCase());
}

/** Wishes without a clear end: they take many calls. */
export const OPEN_ENDED = wordPattern(
  `improve, organi, fix, clean, handle, manage, prepare, upgrade, launch, set up, sort out, back up, arrange, coordinate, build, create a plan,
   make sure, look into, everything, all the, all my, all our, each, every, older than, cut, reduce, increase, boost, grow,
   alle, tous, toutes, todos, todas, tutti, tutte, take care, go over, go through, cheapest, best=, améliore, prépare, organise, gère, verbesser, organisier, bereite,
   kümmere, bring, richte, mejora, organiza, prepara, gestiona, migliora, prepara, organizza, gerencie`,
  "所有, すべて, 改善, 整理, 準備, 优化, 改进, 安排",
);

/** Tools of workers that write, run and browse: what they do next depends on what they find. */
export const WORKER_TOOLS =
  /bash|shell|terminal|exec|run_|_run|python|code|sql|write|edit|patch|commit|browser|computer|click|page|web_?search|spawn|agent|delegate/i;

const OTHERS = `bewijs, waarom, leg uit, analyseer, vergelijk, ontwerp, udowodnij, wyjaśnij, dlaczego, zaprojektuj, докаж, найдите все,
  найди причин, обоснуй, почему, причин, объясни, реши=, спроектируй, сравни, напиши, kanıtla, neden, açıkla, analiz et, karşılaştır, tasarla,
  أثبت, لماذا, اشرح, حلل, قارن, صمم, सिद्ध, क्यों, समझा, विश्लेषण`;

const UNSPACED = `证明, 推导, 讨论, 为什么, 解释, 实现, 设计, 分析, 比较, 编写, 最小值, 最大值, 求函数, 証明, なぜ, 原因, 導出,
  説明し, 設計, 実装, 修正案, 求めよ, 증명, 왜, 유도, 설명, 설계, 구현, 분석`;

export const HARD = wordPattern([ENGLISH, GERMAN, ROMANCE, OTHERS].join(","), UNSPACED);

/** What the system prompt of a worker says that plans and acts for long. */
export const AGENT = wordPattern(
  `autonomous, coding agent, software engineer, research agent, deep research, orchestrat, sub-agent, subagent, decompose,
   sre agent, repository, by planning, you run experiments, expert developer, keep working, continue until, analyse-agent, plan\\, edit, agente autónom, agent autonome, agent de recherche`.replaceAll(
    "\\,",
    " ",
  ),
  "自主, エージェント",
);

/** Formulas, and code that is not data: brackets and semicolons of programs, not of JSON. */
const MATHS = /[∫∑∏√≤≥≠∞∂∇→⇒∀∃]|\\(?:frac|int|sum|lim)|\b[a-z]\([a-z]\)|[a-z0-9)]\^[a-z0-9({]/u;
const CODE_BLOCK = /```(?!json|csv|ya?ml|xml|markdown|md\b|text|txt)\w*\n/;
const CODE_LINE =
  /(?:^|\n)[^\S\n]{0,40}(?:def |class |import |from \w+ import |func |fn |public |private |SELECT |if ?\(|for ?\(|while ?\(|int \w+\()|\bat \w+\.\w+ \(/;

/** The instruction alone decides on words; formulas and code count wherever they stand. */
export function isHard(instruction: string, prompt: string): boolean {
  if (HARD.test(instruction)) return true;
  return MATHS.test(prompt) || CODE_BLOCK.test(prompt) || CODE_LINE.test(prompt);
}
