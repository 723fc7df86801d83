-- A library in the state in which one is found: 200 feeds of 20 episodes, of which every odd one has a story.
-- :storage is the folder that the old server believes its files to be in.
INSERT INTO feed (url, title, description, image_url, author, link, categories, custom_title, last_polled, created_at)
SELECT 'https://feeds.example/' || f || '.xml', CASE f WHEN 2 THEN 'Ünïcödé / "quoted" <b>feed</b>' WHEN 3 THEN '日本語の番組'
    ELSE 'Podcast ' || f END, '<p>About &amp; around ' || f || '</p>', 'https://feeds.example/' || f || '.png', 'Author ' || f,
    CASE WHEN f = 4 THEN 'javascript:alert(1)' ELSE 'https://feeds.example/' || f END, '["Technology", "News"]',
    CASE WHEN f % 10 = 1 THEN 'My name for ' || f END, TIMESTAMP '2026-07-01 12:00:00', TIMESTAMP '2026-01-15 12:00:00.25'
FROM generate_series(1, 199) f;
INSERT INTO feed (url, title) VALUES ('ftp://feeds.example/200.xml', 'No web address');

-- Numbers 1 to 4000 in order; every fourth is transcribed, the next one has its audio, the third failed, the last is new.
INSERT INTO episode (feed_id, guid, title, description, audio_url, duration_seconds, published_at, status, audio_path,
    transcript_path, transcript_model, transcript_source, link, error_message, created_at, updated_at)
SELECT f, 'guid-' || f || '-' || e, 'Episode ' || e || ' of ' || f, '<p>Notes ' || e || '</p>',
    'https://audio.example/' || f || '/' || e || '.mp3', 60 * e, TIMESTAMP '2026-03-01 10:00:00' + e * INTERVAL '1 day',
    CASE e % 4 WHEN 1 THEN 'completed' WHEN 2 THEN 'audio_ready' WHEN 3 THEN 'failed' ELSE 'new' END,
    CASE WHEN e % 4 = 2 THEN :'storage' || '/audio/Podcast_' || f || '/2026-03-' || e || '_Episode_' || e || '.mp3' END,
    CASE WHEN e % 4 = 1 THEN :'storage' || '/transcripts/Podcast_' || f || '/2026-03-' || e || '_Episode_' || e || '.md' END,
    CASE WHEN e % 4 = 1 THEN 'large-v3-turbo' END, CASE WHEN e % 4 = 1 THEN 'whisper' END,
    'https://feeds.example/' || f || '/' || e, CASE WHEN e % 4 = 3 THEN 'Failed to download audio' END,
    TIMESTAMP '2026-06-15 12:00:00', TIMESTAMP '2026-07-01 00:00:00' + e * INTERVAL '1 minute'
FROM generate_series(1, 200) f, generate_series(1, 20) e ORDER BY f, e;

-- The publisher has a transcript of this one.
UPDATE episode SET transcript_url = 'https://audio.example/12.vtt', transcript_type = 'text/vtt' WHERE id = 12;

-- Feed 1: one title, one day, one file: 5 was overwritten by 9; the index still knows what 5 said.
UPDATE episode SET title = 'The same title', published_at = '2026-03-05 10:00:00',
    transcript_path = :'storage' || '/transcripts/Podcast_1/2026-03-05_The_same_title.md' WHERE id IN (5, 9);
INSERT INTO transcript_segments (episode_id, segment_start, segment_end, text) VALUES
    (5, 0, 4, 'Overwritten words of the fifth,'), (5, 4, 34, 'kept by the zanzibar index.'),
    (9, 0, 5, 'What the ninth said'), (9, 5, 35, 'in its own file.');
-- Feed 3: titles that leave nothing in ASCII: all share a file, and the index was made anew from it.
UPDATE episode SET title = '第' || (id - 40) || '回', published_at = '2026-03-02 10:00:00',
    transcript_path = :'storage' || '/transcripts/unnamed/2026-03-02_unnamed.md' WHERE id IN (41, 45, 49);
INSERT INTO transcript_segments (episode_id, segment_start, segment_end, text)
SELECT i, 0, 30, 'The last text that was written.' FROM unnest(ARRAY[41, 45, 49]) i;
-- Feed 4: a transcript whose file is gone, with and without an index; audio that is gone; shared audio of two kinds.
INSERT INTO transcript_segments (episode_id, segment_start, segment_end, text) VALUES
    (61, 0, 3, 'Only the quokka index'), (61, 3, 33, 'remembers this.'), (61, 'NaN', 'NaN', 'No time at all.');
UPDATE episode SET transcript_path = :'storage' || '/transcripts/Podcast_4/gone.md' WHERE id IN (61);
UPDATE episode SET transcript_path = :'storage' || '/transcripts/Podcast_4/gone-too.md' WHERE id IN (65);
UPDATE episode SET audio_path = :'storage' || '/audio/Podcast_4/gone.mp3' WHERE id = 62;
UPDATE episode SET audio_path = :'storage' || '/audio/Podcast_4/shared.mp3' WHERE id IN (66, 70);
UPDATE episode SET audio_path = :'storage' || '/audio/Podcast_4/alike.mp3', audio_url = 'https://audio.example/alike.mp3'
    WHERE id IN (74, 78);
-- Feed 5: a way out of the folder, an address that is none, a negative length, a time that is none, no guid.
UPDATE episode SET audio_path = :'storage' || '/audio/../../../etc/passwd' WHERE id = 82;
UPDATE episode SET audio_url = 'javascript:alert(1)', link = 'data:text/html,x' WHERE id = 84;
UPDATE episode SET duration_seconds = -5, published_at = 'infinity' WHERE id = 88;
UPDATE episode SET guid = '' WHERE id = 92;
UPDATE episode SET title = E'Lines\nand\ttabs \u2028 \u0001 "quotes" \\ back', description = repeat('x', 200000) WHERE id = 96;

INSERT INTO settings (key, value) VALUES ('whisper_model', 'large-v3'), ('max_concurrent_downloads', '4'),
    ('node_heartbeat_timeout_seconds', '90'), ('itunes_country', 'de'), ('storage_path', '/app/data/podcasts'),
    ('a_setting_of_nobody', 'x'), ('stuck_threshold_minutes', 'soon');

INSERT INTO transcriber_node (id, name, url, api_key, whisper_model, whisper_backend, status, last_heartbeat, priority)
VALUES ('11111111-1111-4111-8111-111111111111', 'gpu one', 'http://gpu1:8001', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1',
        'parakeet-tdt-0.6b-v3', 'parakeet', 'busy', TIMESTAMP '2026-07-01 12:00:00', 1),
    ('22222222-2222-4222-8222-222222222222', 'cpu two', 'http://cpu2:8001', 'BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB2',
        NULL, NULL, 'offline', NULL, NULL),
    ('33333333-3333-4333-8333-333333333333', 'twin', 'http://twin:8001', 'BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB2',
        NULL, NULL, 'offline', NULL, 10),
    ('44444444-4444-4444-8444-444444444444', 'keyless', 'http://keyless:8001', '', NULL, NULL, 'offline', NULL, 10);

INSERT INTO job_queue (id, episode_id, job_type, priority, status, attempts, scheduled_at, next_retry_at, error_message,
    assigned_node_id, claimed_at, started_at, completed_at) VALUES
    -- The node works on this one while its server is exchanged.
    (501, 2, 'transcribe', 1, 'running', 1, '2026-07-01 10:00:00', NULL, NULL,
        '11111111-1111-4111-8111-111111111111', '2026-07-01 11:59:00', '2026-07-01 11:59:00', NULL),
    (502, 6, 'transcribe', 5, 'queued', 2, '2026-07-01 10:01:00', NULL, 'It failed once.', NULL, NULL, NULL, NULL),
    (503, 10, 'transcribe', 10, 'queued', 10, '2026-07-01 10:02:00', '2100-01-01 00:00:00', NULL, NULL, NULL, NULL, NULL),
    (504, 4, 'download', 10, 'queued', 0, '2026-07-01 10:03:00', NULL, NULL, NULL, NULL, NULL, NULL),
    -- Its audio is gone: it is fetched anew.
    (505, 62, 'transcribe', 10, 'queued', 0, '2026-07-01 10:04:00', NULL, NULL, NULL, NULL, NULL, NULL),
    (506, 84, 'download', 10, 'queued', 0, '2026-07-01 10:05:00', NULL, NULL, NULL, NULL, NULL, NULL),
    (507, 8, 'transcript_download', 10, 'queued', 0, '2026-07-01 10:06:00', NULL, NULL, NULL, NULL, NULL, NULL),
    (512, 12, 'transcript_download', 10, 'queued', 0, '2026-07-01 10:06:30', NULL, NULL, NULL, NULL, NULL, NULL),
    (508, 1, 'embed', 10, 'queued', 0, '2026-07-01 10:07:00', NULL, NULL, NULL, NULL, NULL, NULL),
    (509, 3981, 'transcribe', 10, 'queued', 0, '2026-07-01 10:08:00', NULL, NULL, NULL, NULL, NULL, NULL),
    (510, 3, 'download', 10, 'failed', 10, '2026-07-01 10:09:00', NULL, 'Failed to download audio', NULL, NULL, NULL,
        '2026-07-01 10:10:00'),
    (511, 1, 'transcribe', 10, 'completed', 1, '2026-07-01 10:11:00', NULL, NULL,
        '11111111-1111-4111-8111-111111111111', '2026-07-01 10:12:00', '2026-07-01 10:12:00', '2026-07-01 10:20:00');
