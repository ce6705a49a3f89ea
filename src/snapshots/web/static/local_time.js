// Adds the reader's local time to times of the server, which are in UTC.

const zone = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" })
  .formatToParts(new Date()).find((part) => part.type === "timeZoneName").value;
// Sweden writes dates as ISO 8601 does.
const day = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short" });

/** Within an element; nothing is added where the reader's time is UTC. */
export function addLocalTimes(element) {
  for (const time of element.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (at.getTimezoneOffset() === 0) continue;
    const seconds = /:\d\d:\d\d/.test(time.textContent);
    const clock = at.toLocaleTimeString("sv-SE", { timeStyle: seconds ? "medium" : "short" });
    const date = day.format(at);
    const local = document.createElement("span");
    local.className = "local";
    local.textContent = ` · ${time.textContent.startsWith(date) ? "" : `${date} `}${clock} ${zone}`;
    time.append(local);
  }
}
