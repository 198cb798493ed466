import sharp from "sharp"; import { readdirSync } from "node:fs";
const [,, dir, prefix, cols="4", w="420", h="1100"] = process.argv;
const files = readdirSync(dir).filter((f) => f.startsWith(prefix) && f.endsWith(".png") && !f.startsWith("sheet")).slice(0, 12);
const W=+w,H=+h,C=+cols; const tiles = await Promise.all(files.map(async (f,i)=>({ input: await sharp(`${dir}/${f}`).resize({width:W-8}).extract({left:0,top:0,width:W-8,height:Math.min(H-8,(await sharp(await sharp(`${dir}/${f}`).resize({width:W-8}).toBuffer()).metadata()).height)}).toBuffer(), left:(i%C)*W, top:Math.floor(i/C)*H })));
await sharp({ create: { width: C*W, height: Math.ceil(files.length/C)*H, channels: 3, background: "#888" } }).composite(tiles).png().toFile(`${dir}/sheet-${prefix}.png`); console.log(files.join("\n"));
