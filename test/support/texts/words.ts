/** Words to make texts of: common ones, some rare, in three scripts. */

const list = (text: string): readonly string[] => text.trim().split(/\s+/);

export const NOUNS = list(`
  account agreement airport amount answer argument article balance bicycle boundary bridge budget
  building business calendar candidate carpenter category century chairman chapter chemistry
  circumstance citizen climate coffee colleague committee community company compartment competition
  computer concept conclusion condition conference consequence container contract conversation
  correspondence country customer database deadline decision department description development
  difference difficulty direction discovery distance document economy education election electricity
  engine environment equipment estimate evidence example exception experience experiment expression
  factory feature festival foundation framework frequency friendship function furniture garden
  generation government harbour headquarters history hospital hypothesis illustration improvement
  industry inflation information infrastructure instruction instrument insurance intention interest
  interpretation investigation invoice island journey judgement kitchen knowledge laboratory language
  latitude lecture library literature machine magazine management market material measurement
  mechanism medicine meeting membership message microscope mountain movement museum neighbourhood
  network newspaper objective observation occasion operation opinion opportunity orchestra
  organisation package painting paragraph parliament passenger percentage performance permission
  perspective philosophy photograph population possibility preference preparation presentation
  president principle procedure production professor programme proposal quality quarter question
  railway reaction recommendation reduction reference refrigerator region regulation relationship
  report representative republic reputation requirement research reservation resolution resource
  restaurant revenue revolution satellite schedule scholarship science secretary sentence sequence
  settlement signature situation software solution station statistic strategy structure suggestion
  supermarket surface technology telescope temperature territory thermometer tradition translation
  transport umbrella understanding university vegetable vehicle village vocabulary weather winter
  workshop yesterday`);

export const VERBS = list(`
  accepted added agreed allowed announced answered approved arranged asked avoided became began
  believed bought brought built called carried caused changed checked chose claimed closed collected
  compared completed confirmed considered contained continued controlled counted created decided
  delayed delivered demanded depended described designed destroyed developed discovered discussed
  distributed divided doubled drew earned encouraged established estimated examined expected
  explained exported finished followed forced forgot found gathered gave handled happened held helped
  hesitated identified ignored improved included increased influenced insisted introduced invented
  investigated joined kept knew learned left lost maintained managed measured mentioned moved needed
  negotiated noticed observed offered opened ordered organised overlooked postponed prepared
  prevented printed produced promised protected proved published questioned reached received
  recognised recommended reduced refused rejected remembered repaired replaced reported requested
  returned reviewed searched sold suggested supported surprised tested translated trusted
  underestimated understood visited wanted warned wondered worked wrote`);

export const ADJECTIVES = list(`
  accurate annual ancient available beautiful brief careful central cheap clever comfortable common
  complete complicated critical curious dangerous digital domestic early efficient electric empty
  enormous essential expensive famous final financial foreign formal frequent general genuine global
  hidden historical honest immediate important independent industrial local logical medical modern
  narrow national natural necessary new nervous obvious official old ordinary original particular
  permanent personal political popular powerful practical previous private quiet rapid reasonable
  recent regional reliable rough scientific second serious short silent similar simple small special
  strange strict subsequent successful sudden technical temporary third typical unexpected unusual
  urgent useful valuable various visible weak western whole wonderful`);

export const GLUE = list(`
  the the the a an and of of to in on for with by from at as that which because while after before
  although until whether their its our this these every some more than not only`);

export const SYLLABLES = list(
  "node item user list data file token key value index state queue count",
);

/** Two characters each, mostly: how Chinese writes what others write as words. */
export const CHINESE = list(`
  我们 他们 公司 问题 时间 工作 经济 社会 政府 发展 国家 城市 学生 学校 老师 技术 系统 数据 研究 结果 方法 关系 条件 环境 影响
  管理 市场 产品 客户 服务 报告 会议 决定 计划 项目 需要 可以 已经 因为 所以 但是 如果 虽然 然后 现在 昨天 今天 明天 目前 以后
  提高 增加 减少 完成 开始 结束 讨论 分析 使用 提供 支持 认为 希望 知道 发现 解决 建立 生产 包括 重要 主要 不同 一般 特别 非常
  比较 新 大 小 多 少 高 好 的 的 的 了 了 是 在 和 也 有 不 就 都 而 对 从 把 被 这个 那个 每个 一些 北京 上海 天气 火车
  飞机 图书馆 医院 朋友 家庭 孩子 文化 历史 语言 音乐 电影 健康 安全 法律 责任 能力 经验 标准 质量 价格 成本 收入 银行 合同`);

export const RUSSIAN = list(`
  мы они компания вопрос время работа экономика общество правительство развитие страна город студент
  школа учитель система данные исследование результат метод отношение условие влияние управление рынок
  продукт клиент отчёт заседание решение план проект можно уже потому поэтому однако если хотя затем
  сейчас вчера сегодня завтра увеличить уменьшить закончить начать обсуждать анализировать использовать
  предоставить поддержать считает надеется знает нашёл решил построил важный главный разный обычный
  очень более новый большой малый и и в в на на не что с по для из от как это который чтобы`);
