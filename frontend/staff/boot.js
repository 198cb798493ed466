// Starts the app; where that fails, says so instead of showing a skeleton for ever.
import init from 'app';

init({ module_or_path: WASM_URL }).catch((error) => {
  console.error(error);
  const lines = [
    ['zh-CN', '页面没能打开。请检查网络后刷新；浏览器太旧时，请换用新版的 Chrome、Edge、Safari 或微信。'],
    ['en', 'The page could not be opened. Check the connection and reload; if the browser is old, use a current Chrome, Edge, Safari or WeChat.'],
  ];
  const words = lines.map(([lang, text]) => {
    const line = document.createElement('p');
    line.lang = lang;
    line.className = 's-boot-words';
    line.textContent = text;
    return line;
  });
  document.getElementById('app').replaceChildren(...words);
});
