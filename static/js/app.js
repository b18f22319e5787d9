// What every page runs: nothing here is needed to read or to act, it only makes both quicker.
import "./time.js";
import "./keys.js";
import "./copy.js";
import "./menus.js";
import "./live.js";

document.documentElement.classList.add("js");
