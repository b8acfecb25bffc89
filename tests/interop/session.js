// A charging session as the public client `ocpp-rpc` tells it, in strict mode: what it sends and what it
// is answered is judged by the schemas that it brings along.
//
//     node session.js ws://host:port/ocpp STATION ocpp1.6      prints one line of JSON per answer

const { RPCClient, createValidator } = require("ocpp-rpc");
const schemas21 = require("ocpp-rpc/lib/schemas/ocpp2_1.json");

const [endpoint, identity, protocol] = process.argv.slice(2);
const now = () => new Date().toISOString();

// The package (2.2.1) names its schemas of 2.1 otherwise than it looks for them: FooRequest for Foo.req.
const named = (id) => id.replace(/Request$/, ".req").replace(/Response$/, ".conf");
const validator21 = createValidator("ocpp2.1", schemas21.map((schema) => ({ ...schema, $id: named(schema.$id) })));

async function session16(call) {
  await call("BootNotification", { chargePointVendor: "ACME", chargePointModel: "One", firmwareVersion: "1.2" });
  await call("StatusNotification", { connectorId: 0, errorCode: "NoError", status: "Available" });
  await call("StatusNotification", { connectorId: 1, errorCode: "NoError", status: "Preparing", timestamp: now() });
  await call("Authorize", { idTag: "04A2B3C4" });
  const start = { connectorId: 1, idTag: "04A2B3C4", meterStart: 1000, timestamp: now() };
  const { transactionId } = await call("StartTransaction", start);
  const sampledValue = [{ value: "1.5", measurand: "Energy.Active.Import.Register", unit: "kWh" }];
  await call("MeterValues", { connectorId: 1, transactionId, meterValue: [{ timestamp: now(), sampledValue }] });
  await call("StopTransaction", { transactionId, meterStop: 2500, timestamp: now(), reason: "Local" });
  await call("Heartbeat", {});
}

async function session2(call) {
  await call("BootNotification", { reason: "PowerUp", chargingStation: { vendorName: "ACME", model: "Two" } });
  await call("StatusNotification", { evseId: 1, connectorId: 1, connectorStatus: "Occupied", timestamp: now() });
  const idToken = { idToken: "04A2B3C4", type: "ISO14443" };
  await call("Authorize", { idToken });
  const event = (eventType, seqNo, value, more) =>
    call("TransactionEvent", {
      eventType,
      seqNo,
      timestamp: now(),
      evse: { id: 1, connectorId: 1 },
      meterValue: [{ timestamp: now(), sampledValue: [{ value, measurand: "Energy.Active.Import.Register" }] }],
      ...more,
      transactionInfo: { transactionId: "tx-1", ...more.transactionInfo },
    });
  await event("Started", 0, 1000, { triggerReason: "Authorized", idToken, transactionInfo: { chargingState: "Charging" } });
  await event("Updated", 1, 1500.5, { triggerReason: "MeterValuePeriodic" });
  await event("Ended", 2, 2500, { triggerReason: "StopAuthorized", idToken, transactionInfo: { stoppedReason: "Local" } });
  await call("Heartbeat", {});
}

async function main() {
  const strict = { strictMode: true, strictModeValidators: [validator21] };
  const client = new RPCClient({ endpoint, identity, protocols: [protocol], ...strict, reconnect: false });
  client.on("strictValidationFailure", ({ error }) => {
    throw error;
  });
  await client.connect();
  const call = async (action, payload) => {
    const answer = await client.call(action, payload, { callTimeoutMs: 20_000 });
    console.log(JSON.stringify({ action, answer }));
    return answer;
  };
  await (protocol === "ocpp1.6" ? session16 : session2)(call);
  await client.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
