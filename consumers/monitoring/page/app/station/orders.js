/** What a station can be asked to do: for each order its words, its fields, and the command they make. */

/** @typedef {import("../parts/fields.js").Field} Field */
/** @typedef {{station: any, evse?: any, session?: any}} Aim what an order is for */
/** @typedef {"reset" | "unlock" | "start" | "stop" | "availability"} OrderName */

/**
 * @typedef {object} Order
 * @property {string} command
 * @property {string} button
 * @property {boolean} isGrave whether somebody may be harmed by it, so that it is asked for in red
 * @property {(aim: Aim) => string} title
 * @property {(aim: Aim) => string} about what it does, before it is done
 * @property {(aim: Aim) => Field[]} fields
 * @property {(form: Record<string, string>, aim: Aim) => Record<string, unknown>} toArguments
 */

/** @param {Aim} aim */
const where = ({ station, evse }) => (evse ? `connector ${evse.id} of ${station.id}` : station.id);

/** @param {any} station */
function runningSessions(station) {
  return (station.evses ?? []).filter((/** @type {any} */ evse) => evse.session && !evse.session.endedAt).length;
}

/** @param {any} evse @returns {Field[]} only where there is a choice */
function connectorField(evse) {
  const ids = (evse?.connectors ?? []).map((/** @type {any} */ one) => String(one.id));
  if (ids.length < 2) return [];
  return [{ name: "connector", label: "Connector", options: ids.map((/** @type {string} */ id) => [id, `Connector ${id}`]), value: ids[0] }];
}

/** @param {Record<string, string>} form @param {any} evse */
function placeOf(form, evse) {
  const connectorId = Number(form.connector ?? evse.connectors?.[0]?.id ?? 1);
  return { id: evse.id, connectorId };
}

/** @type {Record<OrderName, Order>} */
export const ORDERS = {
  reset: {
    command: "station.reset",
    button: "Reset",
    isGrave: true,
    title: ({ station }) => `Reset ${station.id}?`,
    about({ station }) {
      const running = runningSessions(station);
      if (running === 0) return "The station restarts, and is away for a minute or two. No session is running.";
      const ends = `The station restarts. ${running === 1 ? "One session is" : `${running} sessions are`} running`;
      return station.version === "1.6" ? `${ends}, and will end.` : `${ends}: an immediate reset ends ${running === 1 ? "it" : "them"}.`;
    },
    fields: ({ station }) => [
      {
        name: "type",
        label: "When",
        options: station.version === "1.6"
          ? [["OnIdle", "Soft: end sessions in order, then restart"], ["Immediate", "Hard: restart now"]]
          : [["OnIdle", "When no session runs"], ["Immediate", "Now"]],
        value: "OnIdle",
      },
    ],
    // A soft reset of 1.6 ends sessions, where OnIdle waits for them: the form says so, hence it is accepted.
    toArguments: ({ type }, { station }) => ({ type, ...(station.version === "1.6" && type === "OnIdle" && { acceptSoft: true }) }),
  },
  unlock: {
    command: "connector.unlock",
    button: "Unlock",
    isGrave: true,
    title: (aim) => `Unlock ${where(aim)}?`,
    about: ({ session }) => (session ? "The cable is let go. A session is running here, and may end." : "The cable is let go."),
    fields: ({ evse }) => connectorField(evse),
    toArguments: (form, { evse }) => ({ evse: placeOf(form, evse) }),
  },
  start: {
    command: "transaction.start",
    button: "Start",
    isGrave: false,
    title: (aim) => `Start a session at ${where(aim)}?`,
    about: () => "The station asks for the token's authorisation if it is set to, and starts when a vehicle is plugged in.",
    fields: () => [
      { name: "token", label: "Token", hint: "Whom the session is billed to, such as a card's number.", isRequired: true, longest: 255 },
      {
        name: "type",
        label: "Kind of token",
        options: [["ISO14443", "Card (ISO 14443)"], ["ISO15693", "Card (ISO 15693)"], ["eMAID", "Contract (eMAID)"], ["Central", "Central"], ["KeyCode", "Key code"]],
        value: "ISO14443",
      },
    ],
    toArguments: ({ token, type }, { evse }) => ({ idToken: { value: token.trim(), type }, evse: { id: evse.id } }),
  },
  stop: {
    command: "transaction.stop",
    button: "Stop",
    isGrave: true,
    title: (aim) => `Stop the session at ${where(aim)}?`,
    about: () => "Charging ends, and the session is billed up to now.",
    fields: () => [],
    toArguments: (_form, { session }) => ({ transactionId: session.transactionId }),
  },
  availability: {
    command: "availability.change",
    button: "Availability",
    isGrave: true,
    title: (aim) => `Change the availability of ${where(aim)}?`,
    about: () => "Out of service, nobody can begin to charge. A session that runs goes on to its end first.",
    fields: ({ evse }) => [
      { name: "status", label: "Availability", options: [["Inoperative", "Out of service"], ["Operative", "In service"]], value: "Inoperative" },
      ...connectorField(evse),
    ],
    toArguments: (form, { evse }) => ({ operationalStatus: form.status, ...(evse && { evse: placeOf(form, evse) }) }),
  },
};
