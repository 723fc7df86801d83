#include "EmbeddedPages.h"
#include <string.h>

// C23's #embed takes megabytes in under a second and sees a changed file; SwiftPM's own embedding takes minutes.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char layout_mustache[] = {
#embed "files/layout.mustache"
};
static const unsigned char home_mustache[] = {
#embed "files/home.mustache"
};
static const unsigned char feed_mustache[] = {
#embed "files/feed.mustache"
};
static const unsigned char episode_mustache[] = {
#embed "files/episode.mustache"
};
static const unsigned char error_mustache[] = {
#embed "files/error.mustache"
};
static const unsigned char add_feed_mustache[] = {
#embed "files/add-feed.mustache"
};
static const unsigned char badge_mustache[] = {
#embed "files/badge.mustache"
};
static const unsigned char search_mustache[] = {
#embed "files/search.mustache"
};
static const unsigned char queue_mustache[] = {
#embed "files/queue.mustache"
};
static const unsigned char running_mustache[] = {
#embed "files/running.mustache"
};
static const unsigned char cancel_waiting_mustache[] = {
#embed "files/cancel-waiting.mustache"
};
static const unsigned char settings_mustache[] = {
#embed "files/settings.mustache"
};
static const unsigned char feed_settings_mustache[] = {
#embed "files/feed-settings.mustache"
};
static const unsigned char setting_mustache[] = {
#embed "files/setting.mustache"
};
static const unsigned char pods_mustache[] = {
#embed "files/pods.mustache"
};
static const unsigned char end_pods_mustache[] = {
#embed "files/end-pods.mustache"
};
static const unsigned char pod_mustache[] = {
#embed "files/pod.mustache"
};
static const unsigned char app_css[] = {
#embed "files/app.css"
};
static const unsigned char app_js[] = {
#embed "files/app.js"
};
static const unsigned char icon_svg[] = {
#embed "files/icon.svg"
};

static const struct { const char *name; const void *bytes; size_t count; } files[] = {
    { "layout.mustache", layout_mustache, sizeof layout_mustache },
    { "home.mustache", home_mustache, sizeof home_mustache },
    { "feed.mustache", feed_mustache, sizeof feed_mustache },
    { "episode.mustache", episode_mustache, sizeof episode_mustache },
    { "error.mustache", error_mustache, sizeof error_mustache },
    { "add-feed.mustache", add_feed_mustache, sizeof add_feed_mustache },
    { "badge.mustache", badge_mustache, sizeof badge_mustache },
    { "search.mustache", search_mustache, sizeof search_mustache },
    { "queue.mustache", queue_mustache, sizeof queue_mustache },
    { "running.mustache", running_mustache, sizeof running_mustache },
    { "cancel-waiting.mustache", cancel_waiting_mustache, sizeof cancel_waiting_mustache },
    { "settings.mustache", settings_mustache, sizeof settings_mustache },
    { "feed-settings.mustache", feed_settings_mustache, sizeof feed_settings_mustache },
    { "setting.mustache", setting_mustache, sizeof setting_mustache },
    { "pods.mustache", pods_mustache, sizeof pods_mustache },
    { "end-pods.mustache", end_pods_mustache, sizeof end_pods_mustache },
    { "pod.mustache", pod_mustache, sizeof pod_mustache },
    { "app.css", app_css, sizeof app_css },
    { "app.js", app_js, sizeof app_js },
    { "icon.svg", icon_svg, sizeof icon_svg },
};

const void *embedded_pages_file(const char *name, size_t *count) {
    for (size_t index = 0; index < sizeof files / sizeof *files; index++) {
        if (!strcmp(name, files[index].name)) {
            *count = files[index].count;
            return files[index].bytes;
        }
    }
    return NULL;
}

const char *embedded_pages_name(size_t index) {
    return index < sizeof files / sizeof *files ? files[index].name : NULL;
}
