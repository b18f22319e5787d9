// Sends the one-time link's form as soon as a person looks at it. A page that is only fetched or prerendered doesn't.
const form = document.querySelector("[data-send-when-seen]");

function send() {
  if (document.visibilityState === "visible" && !document.prerendering && !form.dataset.sent) {
    form.dataset.sent = "";
    form.requestSubmit();
  }
}

document.addEventListener("visibilitychange", send);
document.addEventListener("prerenderingchange", send);
send();
