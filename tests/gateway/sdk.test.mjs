// The providers' own SDKs against the gateway: its reading of the protocols is
// theirs. In this process the providers' hosts are the gateway's address.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import dysms from "@alicloud/dysmsapi20170525";
import openapi from "@alicloud/openapi-core";
import tencent from "tencentcloud-sdk-nodejs-sms";
import { accounts, buildGateway, startGateway } from "../../scripts/lib/gateway.mjs";

const SIGNATURE = "麻阳中学";
const TEXT = "${title}，请点开查看并确认： https://school.example/m/${token}";
const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll("-", "");

let gateway;
let hooks;
let folder;
const heard = [];
const hosts = ["dysmsapi.aliyuncs.com", "sms.tencentcloudapi.com"];

const connect = Agent.prototype.createConnection;
Agent.prototype.createConnection = function (options, done) {
  const [host, port] = gateway.address.split(":");
  return connect.call(this, hosts.includes(options.host) ? { ...options, host, port } : options, done);
};

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-"));
  hooks = createServer(async (request, answer) => {
    let text = "";
    for await (const data of request) text += data;
    heard.push({ path: request.url, body: JSON.parse(text) });
    answer.end(JSON.stringify({ code: 0, result: 0 }));
  });
  await new Promise((listening) => hooks.listen(0, "127.0.0.1", listening));
  gateway = await startGateway(await buildGateway(), folder, {
    config: {
      accounts: accounts({ signature: SIGNATURE, wordings: [{ aliyun: "SMS_1", tencent: "1001", text: TEXT }] }),
      hook_secret: "secret",
      hosts,
    },
    hooks: `127.0.0.1:${hooks.address().port}`,
  });
});

after(async () => {
  await gateway?.stop();
  hooks?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Asks again until it is so, for ten seconds at most. */
async function eventually(ask) {
  for (const end = Date.now() + 10_000; ; await new Promise((go) => setTimeout(go, 50))) {
    const found = await ask();
    if (found) return found;
    assert.ok(Date.now() < end, "it never came to be");
  }
}

const Client = dysms.default;
function aliyun(secret = "demo-access-key-secret") {
  return new Client(
    new openapi.$OpenApiUtil.Config({
      accessKeyId: "demo-access-key-id",
      accessKeySecret: secret,
      endpoint: "dysmsapi.aliyuncs.com",
      protocol: "HTTP",
    }),
  );
}

function tencentClient(secretKey = "demo-secret-key") {
  return new tencent.sms.v20210111.Client({
    credential: { secretId: "demo-secret-id", secretKey },
    region: "ap-guangzhou",
    profile: { httpProfile: { protocol: "http://", endpoint: "sms.tencentcloudapi.com" } },
  });
}

test("Aliyun's SDK sends one, a batch, and asks", async () => {
  const client = aliyun();
  const one = await client.sendSms(
    new dysms.SendSmsRequest({
      phoneNumbers: "19900001001",
      signName: SIGNATURE,
      templateCode: "SMS_1",
      templateParam: JSON.stringify({ title: "家长会 (一)*'!~", token: "A1" }),
      outId: "one",
    }),
  );
  assert.equal(one.body.code, "OK", one.body.message);
  const phones = Array.from({ length: 100 }, (_, i) => `199000020${String(i).padStart(2, "0")}`);
  const batch = await client.sendBatchSms(
    new dysms.SendBatchSmsRequest({
      phoneNumberJson: JSON.stringify(phones),
      signNameJson: JSON.stringify(phones.map(() => SIGNATURE)),
      templateCode: "SMS_1",
      templateParamJson: JSON.stringify(phones.map((_, i) => ({ title: "运动会", token: `B${i}` }))),
      outId: "batch",
    }),
  );
  assert.equal(batch.body.code, "OK", batch.body.message);
  const taken = (await gateway.ledger()).filter((entry) => entry.provider === "aliyun");
  assert.equal(taken.length, 101);
  assert.equal(taken[0].text, `【${SIGNATURE}】家长会 (一)*'!~，请点开查看并确认： https://school.example/m/A1`);
  assert.ok(taken.slice(1).every((entry) => entry.id === batch.body.bizId && entry.reference === "batch"));

  const ask = () =>
    client.querySendDetails(new dysms.QuerySendDetailsRequest({ phoneNumber: "19900001001", sendDate: today, pageSize: 50, currentPage: 1, bizId: one.body.bizId }));
  const detail = await eventually(async () => {
    const [found] = (await ask()).body.smsSendDetailDTOs.smsSendDetailDTO;
    return found.sendStatus === 3 && found;
  });
  assert.deepEqual([detail.phoneNum, detail.outId, detail.errCode, detail.templateCode], ["19900001001", "one", "DELIVERED", "SMS_1"]);
  const receipts = await eventually(() => {
    const all = heard.filter(({ path }) => path === "/hooks/aliyun/secret/report").flatMap(({ body }) => body);
    return all.length >= 101 && all;
  });
  assert.equal(new Set(receipts.map((receipt) => `${receipt.biz_id} ${receipt.phone_number}`)).size, 101);
});

test("Aliyun's SDK with another secret, and what it makes of a refusal", async () => {
  const request = (phone) => new dysms.SendSmsRequest({ phoneNumbers: phone, signName: SIGNATURE, templateCode: "SMS_1", templateParam: '{"title":"a","token":"b"}' });
  await assert.rejects(aliyun("another").sendSms(request("19900001002")), (error) => error.code === "SignatureDoesNotMatch");
  const refused = await aliyun().sendSms(request("12345"));
  assert.equal(refused.body.code, "isv.MOBILE_NUMBER_ILLEGAL");
  assert.ok((await gateway.ledger()).every((entry) => entry.phone !== "19900001002"));
});

test("Tencent's SDK sends and asks", async () => {
  const client = tencentClient();
  const sent = await client.SendSms({
    PhoneNumberSet: ["+8619900003001", "19900003002", "12345"],
    SmsSdkAppId: "1400006666",
    TemplateId: "1001",
    SignName: SIGNATURE,
    TemplateParamSet: ["秋季运动会", "C1"],
    SessionContext: "ours",
  });
  assert.deepEqual(sent.SendStatusSet.map(({ Code }) => Code), ["Ok", "Ok", "InvalidParameterValue.IncorrectPhoneNumber"]);
  const taken = (await gateway.ledger()).filter((entry) => entry.provider === "tencent");
  assert.deepEqual(taken.map(({ id }) => id), sent.SendStatusSet.slice(0, 2).map(({ SerialNo }) => SerialNo));
  assert.equal(taken[0].text, `【${SIGNATURE}】秋季运动会，请点开查看并确认： https://school.example/m/C1`);
  const ask = () =>
    client.PullSmsSendStatusByPhoneNumber({
      BeginTime: Math.floor(Date.now() / 1000) - 600,
      Offset: 0,
      Limit: 100,
      PhoneNumber: "+8619900003001",
      SmsSdkAppId: "1400006666",
    });
  const status = await eventually(async () => (await ask()).PullSmsSendStatusSet[0]);
  assert.deepEqual([status.SerialNo, status.ReportStatus, status.SubscriberNumber], [taken[0].id, "SUCCESS", "19900003001"]);
  await gateway.reply("19900003001", "收到");
  const reply = await eventually(() => heard.find(({ path }) => path === "/hooks/tencent/secret/reply"));
  assert.deepEqual([reply.body.mobile, reply.body.text, reply.body.sign], ["19900003001", "收到", SIGNATURE]);
});

test("Tencent's SDK with another secret, and what it makes of a refusal", async () => {
  const call = { PhoneNumberSet: ["19900003003"], SmsSdkAppId: "1400006666", TemplateId: "1001", SignName: SIGNATURE, TemplateParamSet: ["a", "b"] };
  await assert.rejects(tencentClient("another").SendSms(call), (error) => error.code === "AuthFailure.SignatureFailure");
  await assert.rejects(tencentClient().SendSms({ ...call, PhoneNumberSet: Array(201).fill("19900003003") }), (error) => error.code === "LimitExceeded.PhoneNumberCountLimit");
  assert.ok((await gateway.ledger()).every((entry) => entry.phone !== "19900003003"));
});

test("a fault is what the SDK takes it for", async () => {
  await gateway.faults({ submits: [{ does: "drop_after" }] });
  const call = { PhoneNumberSet: ["19900003004"], SmsSdkAppId: "1400006666", TemplateId: "1001", SignName: SIGNATURE, TemplateParamSet: ["a", "b"] };
  await assert.rejects(tencentClient().SendSms(call), (error) => !error.code);
  assert.equal((await gateway.ledger()).filter((entry) => entry.phone === "19900003004").length, 1);
});

test("whoever calls it under its own address means the provider, as through a relay", async () => {
  const query = { CurrentPage: "1", PageSize: "10", PhoneNumber: "19900001001", SendDate: today };
  const { host, ...headers } = {
    host: "dysmsapi.aliyuncs.com",
    "x-acs-action": "QuerySendDetails",
    "x-acs-content-sha256": createHash("sha256").digest("hex"),
    "x-acs-date": new Date().toISOString().replace(/\.\d+/, ""),
    "x-acs-signature-nonce": randomUUID(),
    "x-acs-version": "2017-05-25",
  };
  const request = { method: "POST", pathname: "/", query, headers: { host, ...headers } };
  const authorization = openapi.OpenApiUtil.getAuthorization(request, "ACS3-HMAC-SHA256", headers["x-acs-content-sha256"], "demo-access-key-id", "demo-access-key-secret");
  const ask = (more) => fetch(`${gateway.origin}/?${new URLSearchParams(query)}`, { method: "POST", headers: { ...headers, authorization, ...more } });
  const elsewhere = await (await ask({ "x-relay-host": "sms.tencentcloudapi.com" })).json();
  assert.equal(elsewhere.Code, "SignatureDoesNotMatch");
  const answer = await (await ask({})).json();
  assert.equal(answer.Code, "OK", answer.Message);
  assert.equal(answer.TotalCount, answer.SmsSendDetailDTOs.SmsSendDetailDTO.length);
});
