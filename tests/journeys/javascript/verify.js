// Reads {"secret", "headers", "body"} on stdin and prints the type of the event, or why it is not taken.
const { Webhook } = require("standardwebhooks");

const asked = JSON.parse(require("node:fs").readFileSync(0, "utf-8"));
try {
  console.log(new Webhook(asked.secret).verify(asked.body, asked.headers).type);
} catch (error) {
  console.log(`refused: ${error.message}`);
}
