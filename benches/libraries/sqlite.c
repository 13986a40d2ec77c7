/* Fills a table in memory and asks it. */
#include <stdio.h>

#include "sqlite3.h"

static const char script[] =
    "create table t(a integer primary key, b text, c integer);"
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)"
    " insert into t select i, 'name ' || (i * 7919 % 1009), i * i % 997 from n;"
    "create index tb on t(b);"
    "select count(*), sum(c), max(b) from t;"
    "select b, count(*), sum(length(b) * c) s from t group by b order by s desc limit 3;"
    "select count(*) from t x join t y on x.b = y.b where x.c < 100 and y.c > 800;";

static int row(void *none, int count, char **values, char **names) {
    (void)none, (void)names;
    for (int i = 0; i < count; i++)
        printf("%s%c", values[i] ? values[i] : "", i + 1 < count ? '|' : '\n');
    return 0;
}

int main(void) {
    sqlite3 *database;
    char *error = NULL;
    if (sqlite3_open(":memory:", &database) || sqlite3_exec(database, script, row, NULL, &error)) {
        printf("%s\n", error ? error : "not opened");
        return 1;
    }
    sqlite3_close(database);
    return 0;
}
