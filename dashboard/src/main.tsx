// Before the views, whose own styles come after.
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/forms.css";
import "./styles/table.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { applyTheme } from "./lib/theme.ts";

applyTheme();
const place = document.getElementById("app");
if (place !== null) render(<App />, place);
