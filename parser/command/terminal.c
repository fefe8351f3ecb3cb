#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE

#include "terminal.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

enum { USUAL_COLUMNS = 80, LEAST_COLUMNS = 40, TAB = 4, CHARACTER = 8 };

size_t terminal_columns(int descriptor)
{
    struct winsize size;
    const char *given = getenv("COLUMNS");
    long columns = given ? strtol(given, NULL, 10) : 0;
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        columns = size.ws_col;
    if (columns <= 0)
        columns = USUAL_COLUMNS;
    return columns < LEAST_COLUMNS ? LEAST_COLUMNS : (size_t)columns;
}

/* ---- characters ----------------------------------------------------------------------------- */

/* One character as it is shown: its bytes in the text, and how many columns it takes. */
struct cell {
    const char *at;
    size_t size, columns;
};

static struct cell cell_at(const char *at, const char *end)
{
    wchar_t wide = 0;
    mbstate_t state = {0};
    struct cell cell = {at, 1, 1};
    size_t used = mbrtowc(&wide, at, (size_t)(end - at), &state);
    if (used != (size_t)-1 && used != (size_t)-2 && used > 0) {
        int columns = wcwidth(wide);
        cell.size = used;
        cell.columns = columns < 0 ? 1 : (size_t)columns;
    }
    if (*at == '\t')
        cell.columns = TAB;
    return cell;
}

/* Control characters could do anything to a terminal, and those of direction (U+202A to E, U+2066 to 9) to the line. */
static void write_cell(struct report *report, const struct cell *cell)
{
    unsigned char byte = (unsigned char)*cell->at, last = (unsigned char)cell->at[cell->size - 1];
    bool c1 = byte == 0xC2 && cell->size == 2 && last < 0xA0;
    bool turns = cell->size == 3 && ((memcmp(cell->at, "\xE2\x80", 2) == 0 && last >= 0xAA && last <= 0xAE) ||
                                     (memcmp(cell->at, "\xE2\x81", 2) == 0 && last >= 0xA6 && last <= 0xA9));
    if (byte == '\t')
        output_text(report->output, "    ");
    else if (turns)
        return;
    else if (byte < 0x20 || byte == 0x7F || c1)
        output_text(report->output, "?");
    else
        output_bytes(report->output, cell->at, cell->size);
}

static size_t columns_of(const char *at, const char *end)
{
    size_t columns = 0;
    while (at < end) {
        struct cell cell = cell_at(at, end);
        columns += cell.columns;
        at += cell.size;
    }
    return columns;
}

/* ---- the message ---------------------------------------------------------------------------- */

static void start_colour(struct report *report, const char *code)
{
    if (report->colours)
        output_format(report->output, "\033[%sm", code);
}

static void end_colour(struct report *report)
{
    if (report->colours)
        output_text(report->output, "\033[0m");
}

/* Words from `column` on; lines that follow are indented. Returns the column behind them. */
static size_t write_words(struct report *report, const char *text, size_t column, bool glued)
{
    const char *end = text + strlen(text);
    while (text < end) {
        const char *space = strchr(text, ' ');
        const char *stop = space ? space : end;
        size_t columns = columns_of(text, stop);
        if (!glued && column + 1 + columns > report->columns) {
            output_text(report->output, "\n    ");
            column = 4;
        } else if (!glued) {
            output_text(report->output, " ");
            column++;
        }
        for (const char *at = text; at < stop;) {
            struct cell cell = cell_at(at, stop);
            write_cell(report, &cell);
            at += cell.size;
        }
        column += columns;
        glued = false;
        text = stop + (space != NULL);
    }
    return column;
}

static void write_message(struct report *report, const struct shown *shown)
{
    static const char *const colours[] = {"1;36", "1;35", "1;31"};
    const depesha_finding *finding = shown->finding;
    char number[48], rule[80];
    start_colour(report, "1");
    size_t column = write_words(report, shown->source, 0, true);
    column += (size_t)snprintf(number, sizeof number, ":%zu:%zu:", finding->line, finding->column);
    output_text(report->output, number);
    end_colour(report);
    start_colour(report, colours[finding->severity]);
    snprintf(number, sizeof number, "%s:", severity_names[finding->severity]);
    column = write_words(report, number, column, false);
    end_colour(report);
    column = write_words(report, finding->message, column, false);
    snprintf(rule, sizeof rule, "[%s]", finding->rule);
    start_colour(report, "2");
    write_words(report, rule, column, false);
    end_colour(report);
    output_text(report->output, "\n");
}

/* ---- the line ------------------------------------------------------------------------------- */

/* The part of a line that is shown, and which of it is marked. */
struct window {
    const char *start, *end, *mark, *mark_end;
    bool cut_before, cut_behind;
};

/* One line of the text and which columns of it are marked; columns count characters. */
struct marked {
    const char *line;
    size_t size, number, first, behind;
};

/* The byte where a line's column begins. */
static const char *at_column(const struct marked *marked, size_t column)
{
    const char *at = marked->line, *end = marked->line + marked->size;
    for (; at < end && column > 1; column--)
        do
            at++;
        while (at < end && ((unsigned char)*at & 0xC0) == 0x80);
    return at;
}

/* Of a line that is too long some words before the mark stay, and what is behind it. */
static struct window window_of(const struct marked *marked, size_t room)
{
    const char *end = marked->line + marked->size;
    struct window window = {.start = marked->line, .end = end, .mark = at_column(marked, marked->first)};
    window.mark_end = at_column(marked, marked->behind);
    if (columns_of(window.start, end) <= room)
        return window;
    room -= 2;
    while (columns_of(window.start, window.mark) > room / 2)
        window.start += cell_at(window.start, end).size;
    window.cut_before = window.start > marked->line;
    size_t columns = 0;
    for (window.end = window.start; window.end < end;) {
        struct cell cell = cell_at(window.end, end);
        columns += cell.columns;
        if (columns > room)
            break;
        window.end += cell.size;
    }
    window.cut_behind = window.end < end;
    window.mark_end = window.mark_end < window.end ? window.mark_end : window.end;
    return window;
}

static void write_blanks(struct report *report, size_t count, char what)
{
    while (count-- > 0)
        output_bytes(report->output, &what, 1);
}

static void write_source(struct report *report, const struct marked *marked, char first)
{
    char number[32];
    size_t margin = (size_t)snprintf(number, sizeof number, "%5zu", marked->number) + 3;
    struct window window = window_of(marked, report->columns > margin + 4 ? report->columns - margin : 4);
    output_format(report->output, "%s | %s", number, window.cut_before ? "…" : "");
    for (const char *at = window.start; at < window.end;) {
        struct cell cell = cell_at(at, window.end);
        write_cell(report, &cell);
        at += cell.size;
    }
    output_text(report->output, window.cut_behind ? "…\n" : "\n");
    write_blanks(report, margin - 2, ' ');
    output_text(report->output, "| ");
    write_blanks(report, columns_of(window.start, window.mark) + window.cut_before, ' ');
    start_colour(report, "1;32");
    output_bytes(report->output, &first, 1);
    size_t columns = columns_of(window.mark, window.mark_end);
    write_blanks(report, columns > 1 ? columns - 1 : 0, '~');
    end_colour(report);
    output_text(report->output, "\n");
}

/* Blanks at the start of a line are not marked. */
static size_t first_letter(const char *line, size_t size)
{
    size_t column = 1;
    while (column <= size && (line[column - 1] == ' ' || line[column - 1] == '\t'))
        column++;
    return column;
}

/* The line where it begins and, of what goes over several, the one where it ends. */
static void write_sources(struct report *report, const struct shown *shown)
{
    const depesha_finding *finding = shown->finding;
    bool whole = finding->end_line == finding->line;
    write_source(report,
                 &(struct marked){shown->line, shown->size, finding->line, finding->column,
                                  whole ? finding->end_column : SIZE_MAX},
                 '^');
    if (!shown->last)
        return;
    if (finding->end_line > finding->line + 1)
        output_text(report->output, "      …\n");
    write_source(report,
                 &(struct marked){shown->last, shown->last_size, finding->end_line,
                                  first_letter(shown->last, shown->last_size), finding->end_column},
                 '~');
}

void terminal_show(struct report *report, const struct shown *shown)
{
    /* Widths are those of UTF-8, wherever the command runs; without such a locale a character takes a column. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    write_message(report, shown);
    if (shown->line && shown->size > 0)
        write_sources(report, shown);
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
}
