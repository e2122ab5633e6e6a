/** What the element says before the app is there, and the names of what it must not be without. */
export interface EmbedStrings {
  readonly name: string;
  readonly start: string;
  readonly hint: string;
  /** Of the model that comes with the script, which is loaded without a further question. */
  readonly builtInHint: string;
  readonly starting: string;
  readonly close: string;
  readonly failed: string;
  readonly invalidModel: (model: string) => string;
  /** What a page's policy lacks. */
  readonly blocked: (directive: string) => string;
}

const english: EmbedStrings = {
  name: 'Chat with a language model',
  start: 'Chat with a language model',
  hint: 'It runs on this device. What you type stays here.',
  builtInHint: 'It runs on this device. What you type stays here. To begin, 2 MB are loaded.',
  starting: 'The chat is being loaded…',
  close: 'Close the chat',
  failed: 'The chat could not be loaded. Check the connection, or ask the owner of this page.',
  invalidModel: (model) => `“${model}” is neither an address of a model nor an owner/name repository.`,
  blocked: (directive) =>
    `The security policy of this page blocks the chat. Its owner can allow it by adding: ${directive}`,
};

const chinese: EmbedStrings = {
  name: '与语言模型聊天',
  start: '与语言模型聊天',
  hint: '模型在本设备上运行，您输入的内容不会离开这里。',
  builtInHint: '模型在本设备上运行，您输入的内容不会离开这里。开始时会加载 2 MB。',
  starting: '正在加载聊天…',
  close: '关闭聊天',
  failed: '无法加载聊天。请检查网络连接，或联系此页面的所有者。',
  invalidModel: (model) => `“${model}”既不是模型地址，也不是 owner/name 形式的仓库。`,
  blocked: (directive) => `此页面的安全策略阻止了聊天。页面所有者可以添加以下指令来允许它：${directive}`,
};

/** `language`: a tag as in `lang` attributes. */
export function embedStrings(language: string): EmbedStrings {
  return /^zh\b/i.test(language) ? chinese : english;
}
