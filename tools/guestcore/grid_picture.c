/* SPDX-License-Identifier: MIT */
#include "grid_picture.h"

#include <inttypes.h>

/* All lengths are whole pixels: printf writes fractions as the user's
 * language has them, and SVG does not. */
#define MARGIN 28u
#define AXIS_WIDTH 168u /* addresses, left of the cells */
#define CELL_WIDTH 8u
#define GRID_WIDTH (CELL_WIDTH * MEMORY_GRID_COLUMNS)
#define GRID_LEFT (MARGIN + AXIS_WIDTH)
#define GRID_TOP 124u
#define LEGEND_LEFT (GRID_LEFT + GRID_WIDTH + 40u)
#define LEGEND_WIDTH 280u
#define LEGEND_STEP 52u
#define PICTURE_WIDTH (LEGEND_LEFT + LEGEND_WIDTH + MARGIN)

#define GRID_HEIGHT 896u /* that rows share, if they are not too high then */
#define MIN_ROW_HEIGHT 7u
#define MAX_ROW_HEIGHT 20u
#define GAP_HEIGHT 26u     /* where memory is not contiguous */
#define LABEL_DISTANCE 44u /* between round addresses, at least */
#define LABEL_HEIGHT 16u

/* How a kind looks and what it is, in the order of the legend. */
typedef struct KindLook {
    GcPageKind kind;
    const char *color;
    const char *title;
    const char *text;
} KindLook;

static const KindLook looks[] = {
    {GC_PAGE_KERNEL, "#34495e", "kernel", "the kernel's own memory"},
    {GC_PAGE_CACHE, "#4aa3df", "page cache", "contents of files, tmpfs"},
    {GC_PAGE_CACHE_PRIVATE, "#1f5fa8", "page cache, private",
     "with data of the file system"},
    {GC_PAGE_USER, "#27a065", "processes", "anonymous memory"},
    {GC_PAGE_HUGE, "#a3cf62", "huge pages", "of hugetlbfs, used or not"},
    {GC_PAGE_FREE, "#e4e8ec", "free", "not used"},
    {GC_PAGE_OFFLINE, "#b79fd6", "offline", "given back to the host"},
    {GC_PAGE_UNKNOWN, "#f2b632", "unknown", "the kernel does not tell"},
    {GC_PAGE_POISONED, "#d7263d", "poisoned", "broken hardware"},
};

/* Where a row is drawn. */
typedef struct Place {
    unsigned top;
    bool is_new; /* it does not follow the row above in memory */
} Place;

/* A picture that is being drawn. */
typedef struct Picture {
    const MemoryGrid *grid;
    const GcGuest *guest;
    GString *svg;
    Place places[MEMORY_GRID_MAX_ROWS + 1];
    unsigned row_height; /* with the pixel between rows */
    unsigned bottom;     /* of the grid */
} Picture;

/* A size as people write it, "1.5 GiB": in eighths exact, else to a tenth. */
static char *format_size(uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB",
                                        "TiB",   "PiB", "EiB"};
    unsigned unit = 0;
    uint64_t rest = 0; /* in parts of 1024 */

    while (bytes >= 1024 && unit + 1 < G_N_ELEMENTS(units)) {
        rest = bytes % 1024;
        bytes /= 1024;
        unit++;
    }
    if (rest == 0 || bytes >= 100) {
        return g_strdup_printf("%" PRIu64 " %s", bytes, units[unit]);
    }
    if (rest % 256 == 128) {
        return g_strdup_printf("%" PRIu64 ".%03" PRIu64 " %s", bytes,
                               rest * 1000 / 1024, units[unit]);
    }
    if (rest % 512 == 256) {
        return g_strdup_printf("%" PRIu64 ".%02" PRIu64 " %s", bytes,
                               rest * 100 / 1024, units[unit]);
    }
    return g_strdup_printf("%" PRIu64 ".%" PRIu64 " %s", bytes,
                           rest * 10 / 1024, units[unit]);
}

static char *format_pages(const MemoryGrid *grid, uint64_t pages)
{
    return format_size(pages * grid->page_size);
}

/* What a guest says of itself, as text of an XML file. */
static char *clean_text(const char *text)
{
    g_autofree char *clean = g_strndup(text, 64);

    for (char *c = clean; *c != '\0'; c++) {
        if (!g_ascii_isprint(*c)) {
            *c = '?';
        }
    }
    return g_markup_escape_text(clean, -1);
}

static void place_rows(Picture *picture)
{
    const MemoryGrid *grid = picture->grid;
    uint64_t row_pages = grid->cell_pages * MEMORY_GRID_COLUMNS;
    unsigned y = GRID_TOP;

    picture->row_height = CLAMP(GRID_HEIGHT / MAX(grid->rows->len, 1u),
                                MIN_ROW_HEIGHT, MAX_ROW_HEIGHT);
    for (guint i = 0; i < grid->rows->len; i++) {
        const GridRow *row = &g_array_index(grid->rows, GridRow, i);
        bool is_new =
            i == 0 ||
            g_array_index(grid->rows, GridRow, i - 1).start + row_pages !=
                row->start;

        y += i > 0 && is_new ? GAP_HEIGHT : 0;
        picture->places[i] = (Place){.top = y, .is_new = is_new};
        y += picture->row_height;
    }
    picture->bottom = y;
}

/* How many pixels of a cell are of which kind: what is there of each, and
 * the rest to those that lost most.  A broken page is always seen. */
static void share_pixels(const MemoryGrid *grid,
                         const uint64_t pages[GC_PAGE_KINDS],
                         unsigned ret_pixels[GC_PAGE_KINDS])
{
    double share[GC_PAGE_KINDS];
    double wanted = 0.0;
    unsigned given = 0;

    for (int kind = GC_PAGE_UNKNOWN; kind < GC_PAGE_KINDS; kind++) {
        share[kind] =
            (double)pages[kind] * CELL_WIDTH / (double)grid->cell_pages;
        wanted += share[kind];
        ret_pixels[kind] = (unsigned)share[kind];
        if (kind == GC_PAGE_POISONED && pages[kind] > 0) {
            ret_pixels[kind] = MAX(ret_pixels[kind], 1);
        }
        given += ret_pixels[kind];
    }
    while (given < CELL_WIDTH && (double)given + 0.5 <= wanted) {
        int most = GC_PAGE_UNKNOWN;

        for (int kind = GC_PAGE_UNKNOWN; kind < GC_PAGE_KINDS; kind++) {
            if (share[kind] - ret_pixels[kind] >
                share[most] - ret_pixels[most]) {
                most = kind;
            }
        }
        ret_pixels[most]++;
        given++;
    }
}

/* Says for each pixel of a row what it shows: an index into looks, or -1. */
static void paint_row(const MemoryGrid *grid, const GridRow *row,
                      int ret_row[GRID_WIDTH])
{
    for (unsigned i = 0; i < GRID_WIDTH; i++) {
        ret_row[i] = -1;
    }
    for (unsigned cell = 0; cell < MEMORY_GRID_COLUMNS; cell++) {
        unsigned pixels[GC_PAGE_KINDS];
        unsigned x = 0;

        share_pixels(grid, row->cells[cell], pixels);
        for (size_t look = 0; look < G_N_ELEMENTS(looks); look++) {
            for (unsigned n = pixels[looks[look].kind]; n > 0 && x < CELL_WIDTH;
                 n--, x++) {
                ret_row[cell * CELL_WIDTH + x] = (int)look;
            }
        }
    }
}

/* Adds the runs of pixels of a row to the path of their kind. */
static void add_row(const Picture *picture, guint i,
                    GString *paths[G_N_ELEMENTS(looks)])
{
    int row[GRID_WIDTH];
    unsigned end;

    paint_row(picture->grid, &g_array_index(picture->grid->rows, GridRow, i),
              row);
    for (unsigned x = 0; x < GRID_WIDTH; x = end) {
        for (end = x + 1; end < GRID_WIDTH && row[end] == row[x]; end++) {
        }
        if (row[x] >= 0) {
            g_string_append_printf(paths[row[x]], "M%u,%uh%uv%uh-%uz",
                                   GRID_LEFT + x, picture->places[i].top,
                                   end - x, picture->row_height - 1, end - x);
        }
    }
}

static void draw_cells(Picture *picture)
{
    GString *paths[G_N_ELEMENTS(looks)];

    for (size_t look = 0; look < G_N_ELEMENTS(looks); look++) {
        paths[look] = g_string_new(NULL);
    }
    for (guint i = 0; i < picture->grid->rows->len; i++) {
        add_row(picture, i, paths);
    }
    g_string_append(picture->svg, "<g shape-rendering=\"crispEdges\">\n");
    for (size_t look = 0; look < G_N_ELEMENTS(looks); look++) {
        if (paths[look]->len > 0) {
            g_string_append_printf(picture->svg,
                                   "<path fill=\"%s\" d=\"%s\"/>\n",
                                   looks[look].color, paths[look]->str);
        }
        g_string_free(paths[look], TRUE);
    }
    g_string_append(picture->svg, "</g>\n");
}

/* What a row has, for who points at it. */
static void append_row_title(const Picture *picture, const GridRow *row)
{
    const MemoryGrid *grid = picture->grid;
    uint64_t start = row->start * grid->page_size;

    g_string_append_printf(picture->svg, "<title>0x%" PRIx64 " to 0x%" PRIx64,
                           start, start + (memory_grid_get_row_size(grid) - 1));
    for (size_t look = 0; look < G_N_ELEMENTS(looks); look++) {
        g_autofree char *size = NULL;
        uint64_t pages = 0;

        for (unsigned cell = 0; cell < MEMORY_GRID_COLUMNS; cell++) {
            pages += row->cells[cell][looks[look].kind];
        }
        if (pages > 0) {
            size = format_pages(grid, pages);
            g_string_append_printf(picture->svg, "\n%s: %s", looks[look].title,
                                   size);
        }
    }
    g_string_append(picture->svg, "</title>");
}

static void draw_row_titles(Picture *picture)
{
    g_string_append(picture->svg, "<g fill=\"none\" pointer-events=\"all\">\n");
    for (guint i = 0; i < picture->grid->rows->len; i++) {
        g_string_append_printf(picture->svg,
                               "<rect x=\"%u\" y=\"%u\" width=\"%u\" "
                               "height=\"%u\">",
                               GRID_LEFT, picture->places[i].top, GRID_WIDTH,
                               picture->row_height);
        append_row_title(picture,
                         &g_array_index(picture->grid->rows, GridRow, i));
        g_string_append(picture->svg, "</rect>\n");
    }
    g_string_append(picture->svg, "</g>\n");
}

static void draw_address(Picture *picture, guint i)
{
    const MemoryGrid *grid = picture->grid;
    uint64_t start =
        g_array_index(grid->rows, GridRow, i).start * grid->page_size;
    g_autofree char *size = format_size(start);
    unsigned y = picture->places[i].top + 9;

    g_string_append_printf(
        picture->svg,
        "<text class=\"a\" x=\"%u\" y=\"%u\">0x%" PRIx64 "</text>"
        "<text class=\"s\" x=\"%u\" y=\"%u\">%s</text>"
        "<path class=\"t\" d=\"M%u,%uh6\"/>\n",
        GRID_LEFT - 84, y, start, GRID_LEFT - 12, y, start == 0 ? "0" : size,
        GRID_LEFT - 8, picture->places[i].top);
}

/* What there is between a row and the one above. */
static void draw_gap(Picture *picture, guint i)
{
    const MemoryGrid *grid = picture->grid;
    uint64_t row_pages = grid->cell_pages * MEMORY_GRID_COLUMNS;
    uint64_t from = g_array_index(grid->rows, GridRow, i - 1).start + row_pages;
    g_autofree char *size =
        format_pages(grid, g_array_index(grid->rows, GridRow, i).start - from);
    unsigned y = picture->places[i].top - GAP_HEIGHT / 2;

    g_string_append_printf(
        picture->svg,
        "<path class=\"g\" d=\"M%u,%uh%u\"/>"
        "<text class=\"n\" x=\"%u\" y=\"%u\">%s without memory</text>\n",
        GRID_LEFT, y, GRID_WIDTH, GRID_LEFT + GRID_WIDTH / 2, y + 4, size);
}

/* Addresses stand where memory begins, and at round ones: every power of two
 * of rows. */
static void draw_addresses(Picture *picture)
{
    const MemoryGrid *grid = picture->grid;
    uint64_t step = grid->cell_pages * MEMORY_GRID_COLUMNS;
    unsigned next = 0;

    for (unsigned high = picture->row_height; high < LABEL_DISTANCE;
         high *= 2) {
        step *= 2;
    }
    for (guint i = 0; i < grid->rows->len; i++) {
        const Place *place = &picture->places[i];
        GcPfn start = g_array_index(grid->rows, GridRow, i).start;

        if (i > 0 && place->is_new) {
            draw_gap(picture, i);
        }
        if (place->is_new || (start % step == 0 && place->top >= next)) {
            draw_address(picture, i);
            next = place->top + LABEL_HEIGHT;
        }
    }
}

/* How far into a row one is. */
static void draw_columns(Picture *picture)
{
    uint64_t row_size = memory_grid_get_row_size(picture->grid);

    for (unsigned i = 0; i <= 4; i++) {
        g_autofree char *size = format_size(row_size / 4 * i);
        unsigned x = GRID_LEFT + GRID_WIDTH / 4 * i;

        g_string_append_printf(picture->svg,
                               "<text class=\"c\" x=\"%u\" y=\"%u\">+%s</text>"
                               "<path class=\"t\" d=\"M%u,%uv5\"/>\n",
                               x, GRID_TOP - 12, i == 0 ? "0" : size, x,
                               GRID_TOP - 8);
    }
}

/* As text of an XML file. */
static char *format_share(double share)
{
    unsigned permille = (unsigned)(share * 1000.0 + 0.5);

    return permille == 0
               ? g_strdup("&lt; 0.1 %")
               : g_strdup_printf("%u.%u %%", permille / 10, permille % 10);
}

static void draw_legend_entry(Picture *picture, const KindLook *look,
                              unsigned y)
{
    const MemoryGrid *grid = picture->grid;
    uint64_t pages = grid->total[look->kind];
    double share = (double)pages / (double)memory_grid_count(grid);
    g_autofree char *size = format_pages(grid, pages);
    g_autofree char *percent = format_share(share);

    g_string_append_printf(
        picture->svg,
        "<rect x=\"%u\" y=\"%u\" width=\"16\" height=\"16\" rx=\"2\" "
        "fill=\"%s\"/>"
        "<text class=\"l\" x=\"%u\" y=\"%u\">%s</text>"
        "<text class=\"v\" x=\"%u\" y=\"%u\">%s</text>"
        "<text class=\"d\" x=\"%u\" y=\"%u\">%s</text>"
        "<text class=\"p\" x=\"%u\" y=\"%u\">%s</text>"
        "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"4\" fill=\"#f1f3f5\"/>"
        "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"4\" fill=\"%s\"/>\n",
        LEGEND_LEFT, y, look->color, LEGEND_LEFT + 26, y + 9, look->title,
        LEGEND_LEFT + LEGEND_WIDTH, y + 9, size, LEGEND_LEFT + 26, y + 25,
        look->text, LEGEND_LEFT + LEGEND_WIDTH, y + 25, percent,
        LEGEND_LEFT + 26, y + 32, LEGEND_WIDTH - 26, LEGEND_LEFT + 26, y + 32,
        MAX((unsigned)(share * (LEGEND_WIDTH - 26)), 1u), look->color);
}

/* What would be left of it in a dump without all that can be left out. */
static void draw_sum(Picture *picture, unsigned y)
{
    const MemoryGrid *grid = picture->grid;
    uint64_t kept = 0;
    g_autofree char *total = format_pages(grid, memory_grid_count(grid));
    g_autofree char *kept_size = NULL;

    for (int kind = GC_PAGE_UNKNOWN; kind < GC_PAGE_KINDS; kind++) {
        if (!gc_page_kind_is_left_out((GcPageKind)kind, GC_DUMP_LEVEL_MAX)) {
            kept += grid->total[kind];
        }
    }
    kept_size = format_pages(grid, kept);
    g_string_append_printf(
        picture->svg,
        "<path class=\"t\" d=\"M%u,%uh%u\"/>"
        "<text class=\"l\" x=\"%u\" y=\"%u\">all memory</text>"
        "<text class=\"v\" x=\"%u\" y=\"%u\">%s</text>"
        "<text class=\"d\" x=\"%u\" y=\"%u\">left by a dump of level %u</text>"
        "<text class=\"p\" x=\"%u\" y=\"%u\">%s</text>\n",
        LEGEND_LEFT, y, LEGEND_WIDTH, LEGEND_LEFT + 26, y + 24,
        LEGEND_LEFT + LEGEND_WIDTH, y + 24, total, LEGEND_LEFT + 26, y + 42,
        GC_DUMP_LEVEL_MAX, LEGEND_LEFT + LEGEND_WIDTH, y + 42, kept_size);
}

/* Returns where it ends. */
static unsigned draw_legend(Picture *picture)
{
    unsigned y = GRID_TOP;

    for (size_t look = 0; look < G_N_ELEMENTS(looks); look++) {
        if (picture->grid->total[looks[look].kind] > 0) {
            draw_legend_entry(picture, &looks[look], y);
            y += LEGEND_STEP;
        }
    }
    draw_sum(picture, y);
    return y + LEGEND_STEP;
}

static void draw_head(Picture *picture)
{
    const MemoryGrid *grid = picture->grid;
    const char *release = gc_guest_get_os_release(picture->guest);
    g_autofree char *clean = clean_text(release != NULL ? release : "");
    g_autofree char *total = format_pages(grid, memory_grid_count(grid));
    g_autofree char *cell = format_pages(grid, grid->cell_pages);
    g_autofree char *row = format_size(memory_grid_get_row_size(grid));

    g_string_append_printf(
        picture->svg,
        "<text class=\"h\" x=\"%u\" y=\"44\">%s of guest memory, and what it "
        "is used for</text>\n"
        "<text class=\"u\" x=\"%u\" y=\"68\">Linux %s on %s. A row is %s, a "
        "cell of %u pixels %s; in a cell, the kinds are in the order of the "
        "legend.</text>\n",
        MARGIN, total, MARGIN, clean, gc_guest_get_arch(picture->guest), row,
        CELL_WIDTH, cell);
}

static void begin_svg(GString *svg)
{
    g_string_append(
        svg,
        "<style>text{font-family:'DejaVu Sans',Verdana,Helvetica,sans-serif;"
        "font-size:12px;fill:#2c3e50}"
        ".h{font-size:22px;font-weight:bold}.u{font-size:13px;fill:#6c7a89}"
        ".a{font-family:'DejaVu Sans Mono',monospace;font-size:11px;"
        "text-anchor:end}"
        ".s{font-size:11px;fill:#6c7a89;text-anchor:end}"
        ".c{font-size:11px;fill:#6c7a89;text-anchor:middle}"
        ".n{font-size:11px;font-style:italic;fill:#6c7a89;"
        "text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:8px}"
        ".l{font-size:13px;font-weight:bold}"
        ".v{font-size:13px;font-weight:bold;text-anchor:end}"
        ".d{font-size:11px;fill:#6c7a89}"
        ".p{font-size:11px;fill:#6c7a89;text-anchor:end}"
        ".t{stroke:#95a5b1;fill:none}"
        ".g{stroke:#c3ccd4;fill:none;stroke-dasharray:4 4}</style>\n");
}

char *grid_picture_to_svg(const MemoryGrid *grid, const GcGuest *guest)
{
    Picture picture = {.grid = grid, .guest = guest};
    unsigned height;
    GString *whole;

    picture.svg = g_string_new(NULL);
    place_rows(&picture);
    begin_svg(picture.svg);
    draw_head(&picture);
    draw_columns(&picture);
    draw_cells(&picture);
    draw_addresses(&picture);
    draw_row_titles(&picture);
    height = MAX(draw_legend(&picture), picture.bottom) + MARGIN;

    whole = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    g_string_append_printf(
        whole,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" "
        "height=\"%u\" viewBox=\"0 0 %u %u\">\n"
        "<rect width=\"%u\" height=\"%u\" fill=\"#fff\"/>\n",
        PICTURE_WIDTH, height, PICTURE_WIDTH, height, PICTURE_WIDTH, height);
    g_string_append_len(whole, picture.svg->str, (gssize)picture.svg->len);
    g_string_append(whole, "</svg>\n");
    g_string_free(picture.svg, TRUE);
    return g_string_free(whole, FALSE);
}
