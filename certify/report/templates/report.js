// Columns of lists can be sorted: press a heading.
for (const table of document.querySelectorAll("table.list")) {
  const number = (text) => Number(text.replace(/[,\s]/g, "").replace("−", "-"));
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      table.querySelectorAll("th[aria-sort]").forEach((th) => th.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows];
      const key = (row) => row.cells[column].textContent;
      rows.sort((a, b) => {
        const [x, y] = [number(key(a)), number(key(b))];
        if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || key(a).localeCompare(key(b));
        return x - y;
      });
      table.tBodies[0].append(...(down ? rows.reverse() : rows));
    });
  });
}
