// The parents' page written by hand in JavaScript, to compare with: one string.
import { headers, notice, pieces, words } from "./notice-data.js";

export { Sequencer } from "./notice-data.js";

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text) => String(text).replace(/[&<>"']/g, (c) => escapes[c]);

const addressees = ({ recipient, children }) => {
  if (recipient) return `<p><b>${escape(recipient)}：</b></p>`;
  const number = (n) => (n == null ? "" : `<span> · 本班第 ${n} 条通知</span>`);
  return `<ul>${children.map(([name, inClass, n]) => `<li><b lang="zh-CN">${escape(name)}</b> <span lang="zh-CN">${escape(inClass)}</span>${number(n)}</li>`).join("")}</ul>`;
};

const done = ({ confirmed, just }) =>
  confirmed
    ? `<div class="done" role="status"><b>${just ? "✓ 确认成功，谢谢您" : "✓ 您已确认"}</b>确认时间：${confirmed}。不需要再做什么。</div>`
    : "";

const notMine = (named) =>
  `<details><summary>这不是我的号码？</summary><p>如果您不是上面的${named}，请告诉学校：以后不再往这个号码发送，这个链接也不再显示内容。</p><button class="quiet" name="action" value="not_mine">这不是我的号码</button></details>`;

const ask = ({ confirmed, reader }, token) =>
  confirmed
    ? ""
    : `<form method="post" action="/m/${token}"><button name="action" value="confirm">已阅读，确认收到</button><p class="hint">点一下按钮，${words[reader].knows}就知道您看到了</p>${notMine(words[reader].named)}</form>`;

const paragraph = (text) =>
  `<p>${pieces(text)
    .map(({ text, href, host }) => (href ? `<a href="${escape(href)}" rel="noreferrer noopener nofollow">${escape(text)}</a><small lang="zh-CN">（打开 ${escape(host)}）</small>` : escape(text)))
    .join("")}</p>`;

const page = (notice, token, style) => {
  const school = escape(notice.school);
  return `<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex,nofollow"><meta name="referrer" content="no-referrer"><link rel="icon" href="data:,"><title>${escape(notice.title)} - ${school}</title><style>${style}</style></head><body><main><header class="top"><a href="?lang=en" lang="en" hreflang="en">English</a><b lang="zh-CN">${school}</b>${escape(notice.word)} · ${words[notice.reader].label}</header><article class="card">${done(notice)}<h1 lang="zh-CN">${escape(notice.title)}</h1>${addressees(notice)}<div lang="zh-CN" class="text">${notice.paragraphs.map(paragraph).join("")}</div><p class="by"><span lang="zh-CN">${escape(notice.sender)}</span><br><time>${notice.at}</time></p>${ask(notice, token)}</article><section class="note"><h2>怎样辨别真假通知</h2><p>这是${school}的正式通知渠道。看通知、点确认，都不用登录、付款或下载软件；这个页面绝不会问您的密码、验证码和银行卡号。</p><p>通知里提到缴费，或者让您打开别的网站，拿不准时先打电话问${words[notice.reader].asks}。</p><p>链接是发给您本人的，请不要转发。</p></section></main></body></html>`;
};

export default {
  async fetch(request, env, context) {
    const token = new URL(request.url).pathname.match(/^\/m\/([^/]+)$/)?.[1];
    const found = token && (await notice(token, env, context));
    if (!found) return new Response("", { status: 404, headers: headers(env) });
    return new Response(page(found, token, env.STYLE), { headers: headers(env) });
  },
  async scheduled() {},
  async queue() {},
};
