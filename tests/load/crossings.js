// Counts how often JavaScript and wasm call each other, from before the Worker's
// module makes its instance: what it imports is wrapped, and what it exports.
const Original = WebAssembly.Instance;
export const counted = { in: 0, out: 0, names: new Map() };

const bump = (direction, name) => {
  counted[direction]++;
  counted.names.set(name, (counted.names.get(name) ?? 0) + 1);
};

const wrapped = (direction, functions) =>
  Object.fromEntries(
    Object.entries(functions).map(([name, value]) => [
      name,
      typeof value === "function"
        ? function (...args) {
            // wasm-bindgen ends each name with a hash.
            bump(direction, name.replace(/^__wbg_|_{0,2}h?[0-9a-f]{16}$/g, ""));
            return value.apply(this, args);
          }
        : value,
    ]),
  );

WebAssembly.Instance = function (module, imports) {
  const wrappedImports = Object.fromEntries(Object.entries(imports).map(([name, functions]) => [name, wrapped("out", functions)]));
  const { exports } = new Original(module, wrappedImports);
  return { exports: wrapped("in", exports) };
};
