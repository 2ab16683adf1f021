// How this browser shows the gallery: light or dark, and whether single keys work. The theme is a cookie, so that the
// server draws it.
import {device} from "./device.js";
import {$, $$, keysWork} from "./lib.js";

const YEAR_S = 365 * 24 * 3600;
const root = document.documentElement;

for (const choice of $$("[name=theme]")) {
  choice.checked = choice.value === (root.dataset.theme ?? "");
  choice.addEventListener("change", () => {
    if (choice.value) root.dataset.theme = choice.value;
    else delete root.dataset.theme;
    document.cookie = `theme=${choice.value}; path=/; SameSite=Strict; max-age=${choice.value ? YEAR_S : 0}`;
  });
}
for (const box of $$("[data-keys]")) {
  box.checked = keysWork();
  box.addEventListener("change", () => device.set("keys", box.checked ? "on" : "off"));
}
$("#keys fieldset").disabled = false;  // a choice made before would not have been heard
