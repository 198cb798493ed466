// The parents' page as most would write it today: Hono and its JSX, to compare with.
import { Hono } from "hono";
import { raw } from "hono/html";
import { headers, notice, pieces, words } from "./notice-data.js";

export { Sequencer } from "./notice-data.js";

const Top = ({ school, word, reader }) => (
  <header class="top">
    <a href="?lang=en" lang="en" hreflang="en">English</a>
    <b lang="zh-CN">{school}</b>
    {word} · {words[reader].label}
  </header>
);

const Addressees = ({ recipient, rows }) =>
  recipient ? (
    <p><b>{recipient}：</b></p>
  ) : (
    <ul>
      {rows.map(([name, inClass, number]) => (
        <li>
          <b lang="zh-CN">{name}</b> <span lang="zh-CN">{inClass}</span>
          {number == null ? null : <span> · 本班第 {number} 条通知</span>}
        </li>
      ))}
    </ul>
  );

const Done = ({ confirmed, just }) =>
  confirmed ? (
    <div class="done" role="status">
      <b>{just ? "✓ 确认成功，谢谢您" : "✓ 您已确认"}</b>
      确认时间：{confirmed}。不需要再做什么。
    </div>
  ) : null;

const NotMine = ({ named }) => (
  <details>
    <summary>这不是我的号码？</summary>
    <p>如果您不是上面的{named}，请告诉学校：以后不再往这个号码发送，这个链接也不再显示内容。</p>
    <button class="quiet" name="action" value="not_mine">这不是我的号码</button>
  </details>
);

const Paragraph = ({ text }) => (
  <p>
    {pieces(text).map(({ text, href, host }) =>
      href ? (
        <>
          <a href={href} rel="noreferrer noopener nofollow">{text}</a>
          <small lang="zh-CN">（打开 {host}）</small>
        </>
      ) : (
        text
      ),
    )}
  </p>
);

const Ask = ({ confirmed, token, reader }) =>
  confirmed ? null : (
    <form method="post" action={`/m/${token}`}>
      <button name="action" value="confirm">已阅读，确认收到</button>
      <p class="hint">点一下按钮，{words[reader].knows}就知道您看到了</p>
      <NotMine named={words[reader].named} />
    </form>
  );

const Genuine = ({ school, reader }) => (
  <section class="note">
    <h2>怎样辨别真假通知</h2>
    <p>这是{school}的正式通知渠道。看通知、点确认，都不用登录、付款或下载软件；这个页面绝不会问您的密码、验证码和银行卡号。</p>
    <p>通知里提到缴费，或者让您打开别的网站，拿不准时先打电话问{words[reader].asks}。</p>
    <p>链接是发给您本人的，请不要转发。</p>
  </section>
);

const Page = ({ notice, token, style }) => (
  <html lang="zh-CN">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width,initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="robots" content="noindex,nofollow" />
      <meta name="referrer" content="no-referrer" />
      <link rel="icon" href="data:," />
      <title>{notice.title} - {notice.school}</title>
      <style>{raw(style)}</style>
    </head>
    <body>
      <main>
        <Top school={notice.school} word={notice.word} reader={notice.reader} />
        <article class="card">
          <Done confirmed={notice.confirmed} just={notice.just} />
          <h1 lang="zh-CN">{notice.title}</h1>
          <Addressees recipient={notice.recipient} rows={notice.children} />
          <div lang="zh-CN" class="text">{notice.paragraphs.map((text) => <Paragraph text={text} />)}</div>
          <p class="by">
            <span lang="zh-CN">{notice.sender}</span>
            <br />
            <time>{notice.at}</time>
          </p>
          <Ask confirmed={notice.confirmed} token={token} reader={notice.reader} />
        </article>
        <Genuine school={notice.school} reader={notice.reader} />
      </main>
    </body>
  </html>
);

const app = new Hono();
app.onError((error, c) => {
  console.error(error.stack);
  return c.text("", 500);
});

app.get("/m/:token", async (c) => {
  const token = c.req.param("token");
  const found = await notice(token, c.env, c.executionCtx);
  if (!found) return c.body("", 404, headers(c.env));
  return c.html(<>{raw("<!DOCTYPE html>")}<Page notice={found} token={token} style={c.env.STYLE} /></>, 200, headers(c.env));
});

export default {
  fetch: app.fetch,
  async scheduled() {},
  async queue() {},
};
