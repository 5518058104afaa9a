/** Words that ask for work which smaller models do as well, by kind, in the languages of most traffic. */
import { wordPattern } from "./words.ts";

export const CLASSIFY = wordPattern(
  `classif, categori, label, tag this, tag the, tags=, sentiment, spam or not, triage, severity, priority p, toxic,
   assign, route the, route each, which category, which language, positive or negative, positive\\, negative,
   yes or no, allow or remove, decide whether a, detect, moderat, one of:,
   klassifizier, kategor, einer abteilung, stufe, ordne, positiv oder, dringend oder,
   classe, catégor, tonalité, clasific, categoría, sección, sentimiento, classific, categoria, detecta,
   positief, categorie, sklasyfikuj, определи, тональност, классифиц, категори, sınıflandır, niyet,
   صنف, صنّف, वर्गीकृत`.replaceAll("\\,", " "),
  "分类, 判断, 归类, 分類, 判定, 분류, वर्गीकृत",
);

export const EXTRACT = wordPattern(
  `extract, pull, list all, list the action, list every, what names, which names, keywords, find all email, action items,
   five keywords, extrahier, entnimm, extrai, relève, relever, extrae, estrai, extraia, haal, wyodrębnij, wypisz,
   извлек, выпиши, çıkar, استخرج, निकालें`,
  "提取, 抽取, 抽出, 추출",
);

export const SUMMARISE = wordPattern(
  `summar, tl;dr, tldr, recap=, key points, in a nutshell, fasse, fass, zusammenfass, résum, resum, riassum, samenvat,
   vat dit, streść, podsumuj, кратко, перескажи, резюмируй, özetle, لخص, लिखें, सारांश`,
  "总结, 摘要, 概括, 要約, 요약, सारांश",
);

export const FORMAT = wordPattern(
  `translat, convert, reformat, format this, format the, rewrite, rephrase, paraphrase, proofread, fix the grammar,
   fix grammar, fix the spelling, correct the, shorten, make this sound, make this shorter, make it shorter, title case,
   turn these, turn this, turn the following, subject line, short title, title for, capitali,
   übersetz, formuliere, korrigier, kürze, wandle, traduis, traduire, traduisez, corrige, reformul, raccourci, traduc,
   reescrib, acorta, traduz, corrija, reescrev, traduci, correggi, riscrivi, vertaal, maak deze tekst, verbeter,
   przetłumacz, przekształć, popraw, переведи, исправь, сократи, ترجم, صحح, अनुवाद, düzelt, ingilizceye, çevir`,
  "翻译, 改写, 润色, 纠正, 翻訳, 書き直, 번역, 교정",
);

/** The answer is in what was given: words for it, and the labels of such prompts. */
export const FROM_CONTEXT = wordPattern(
  `based on the, based only, according to the, using the, using only, use only the, answer only from, only from the, from the passages,
   context:, question:, q:, passage:, given by the user, provided context, text below, the following text,
   laut dem, laut der, anhand, auszug, frage:, ausschließlich, d'après, en vous basant, selon le texte, selon l'extrait,
   según el texto, según la, basándote, in base al, secondo il testo, use apenas, com base n, segundo o texto,
   volgens de tekst, na podstawie, согласно, на основе, metne göre, بناء على, وفقا`,
  "根据以下, 根据下面, 根据上面, 问题：, 以下の文章に, によると, 아래 글, 다음 글, 질문:, 質問：",
);
