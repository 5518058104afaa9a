/** Words that ask for work which smaller models do as well, by kind, in the languages of most traffic. */
import { wordPattern } from "./words.ts";

export const CLASSIFY = wordPattern(
  `classif, categori, dis-moi si ce, dime si este, label each, label this, you label, labels=, tag this, tag each, you tag, tags=, sentiment, the intent, is this a, spam or not, triage, severity, priority p, toxic,
   assign a, assign one, assign each, you assign, route the user, route the message, route each, route incoming, which category, which language, positive or negative, positive\\, negative,
   yes or no, allow or remove, decide whether a, detect toxic, detect the language, detects the language, you detect, moderat, one of:,
   klassifizier, kategor, handelt es sich bei, einer abteilung, stufe, ordne, positiv oder, dringend oder,
   classe, étiquett, étiquet, catégor, tonalité, clasific, categoría, sección, sentimiento, indica si, classific, categoria, detecta,
   positief, categorie, sklasyfikuj, определи, тональност, классифиц, категори, sınıflandır, niyet,
   صنف, صنّف, वर्गीकृत`.replaceAll("\\,", " "),
  "分类, 哪一类, 属于, 判断, 归类, 分類, 判定, 분류, वर्गीकृत",
);

export const EXTRACT = wordPattern(
  `extract, in the message below, in this message, in this email, in the text below, in the email below, saca, sácame, trouve dans,
   parse, out of this, out of the following, return them as, mentioned in, appear in, appears in, comma separated,
   fill in, from free text, pull out, pull structured, pull the, list all, list the action, list every, what names, which names, keywords, find all email, action items,
   five keywords, extrahier, entnimm, nenne alle, liste alle, extrai, relève, relever, donne la liste, enumera, énumère, elenca, enumere, zähle alle, liste des, extrae, estrai, extraia, haal, wyodrębnij, wypisz,
   извлек, выпиши, çıkar, استخرج, निकालें`,
  "提取, 抽取, 抽出, 추출",
);

export const SUMMARISE = wordPattern(
  `summar, condens, synthéti, sintetiz, boil, gist, in one sentence, in two sentences, in one line, in two lines, bullet points, tl;dr, tldr, recap=, key points, in a nutshell, fasse, fass, zusammenfass, résum, resum, riassum, riassun, samenvat,
   vat dit, streść, podsumuj, кратко, перескажи, резюмируй, özetle, لخص, लिखें, सारांश`,
  "まとめて, 总结, 摘要, 概括, 要約, 요약, सारांश",
);

export const FORMAT = wordPattern(
  `translat, convert this, convert these, convert the following, convert to, put this, put these, remove the duplicates, deduplicate, sort this list, sort these, sort the list, number it, make the following, make these, meta description,
   rechtschreib, translator, ins englische, ins deutsche, ins französische, ins spanische, auf englisch, en anglais, en español,
   in plain english, polish, how do you say,
   say this, reformat, format this, format the, rewrite, rephrase, paraphrase, proofread, fix the grammar,
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
   context:, question:, q:, passage:, given by the user, provided context, strictly from, retrieved documents, provided documents, knowledge base, faq, text below, the following text,
   laut dem, laut der, folgenden text, handbuch, anhand, auszug, frage:, ausschließlich, d'après, à l'aide du, texte suivant, extrait suivant, en vous basant, selon le texte, selon l'extrait,
   según el texto, según la, basándote, in base al, secondo il testo, use apenas, com base n, segundo o texto,
   volgens de tekst, na podstawie, согласно, на основе, metne göre, بناء على, وفقا`,
  "以下の社内, 読んで質問, 根据以下, 根据下面, 根据上面, 问题：, 以下の文章に, によると, 아래 글, 다음 글, 질문:, 質問：",
);
