import CastCore
import Testing

@Suite struct AddressPrivacyTests {
    @Test(arguments: [
        "https://feeds.megaphone.fm/HSW1234567890",
        "https://feeds.simplecast.com/54nAGcIl",
        "https://www.omnycontent.com/d/playlist/e73c998e-6e60-432f-8610-ae210140c5b1/a91018a4/podcast.rss",
        "https://dts.podtrac.com/redirect.mp3/chrt.fm/track/288D49/traffic.megaphone.fm/ABC123.mp3?updated=1799999999",
        "https://traffic.libsyn.com/secure/pilots/one.mp3?dest-id=123456",
        "http://pilots.example/audio/The%20first%20one.mp3",
        "https://pilots.example:8443/one.mp3?utm_source=Podcast&in=feed",
    ])
    func `what anybody may have heard of may be told`(address: String) {
        #expect(AddressPrivacy.isPublic(address))
    }

    @Test(arguments: [
        // Names, passwords and what stands for them.
        "https://me:secret@pilots.example/one.mp3", "https://me@pilots.example/one.mp3",
        "https://tracker.example/https://me:secret@pilots.example/one.mp3",
        "https://www.patreon.com/rss/pilots?auth=abcdefghijklmnop",
        "https://c10.patreonusercontent.com/4/patreon-media/p/post/1/x/1.mp3",
        "https://pilots.example/feed?token=1", "https://pilots.example/one.mp3?Signature=x&Key-Pair-Id=y&Expires=1",
        "https://bucket.s3.amazonaws.com/one.mp3?X-Amz-Credential=a", "https://pilots.example/rss?apikey=a",
        "https://pilots.example/feed.xml?u=3f2a9c1bd8e7456fa0b1",
        "https://pilots.example/rss/eyJhbGciOiJIUzI1NiJ9.x/feed",
        // Hosts and folders that say so.
        "https://pilots.supportingcast.fm/content/abc.rss", "https://feeds.supercast.com/feeds/x",
        "https://api.substack.com/feed/podcast/12345/private/7c5e.rss", "https://private.pilots.example/one.mp3",
        "https://subscribers.transistor.fm/1a2b", "https://access.acast.com/rss/pilots/1a2b",
        "https://pilots.example/Premium/one.mp3", "https://tracker.example/pilots.supercast.tech/one.mp3",
        // What only means something at home.
        "http://192.168.1.7/one.mp3", "http://[fe80::1]/one.mp3", "http://nas/one.mp3", "http://nas.lan/one.mp3",
        "http://nas.tail1234.ts.net/one.mp3", "http://localhost:8000/one.mp3", "http://pilots.local./one.mp3",
        // No addresses of the web.
        "local:added", "ftp://pilots.example/one.mp3", "file:///etc/passwd", "", "https://", "one.mp3",
    ])
    func `what may be somebody's own is kept`(address: String) {
        #expect(!AddressPrivacy.isPublic(address))
    }

    @Test func `where own networks are allowed, their addresses may be told, and passwords may not`() {
        #expect(AddressPrivacy.isPublic("http://127.0.0.1:8000/one.mp3", allowsOwnNetwork: true))
        #expect(AddressPrivacy.isPublic("http://nas/one.mp3", allowsOwnNetwork: true))
        #expect(!AddressPrivacy.isPublic("http://me:x@nas/one.mp3", allowsOwnNetwork: true))
        #expect(!AddressPrivacy.isPublic("http://nas/one.mp3?token=x", allowsOwnNetwork: true))
    }
}

@Suite struct AudioSourceTests {
    @Test(
        arguments: [
            ("\"a\"", "Wed, 25 Nov 2026 01:31:10 GMT", "\"a\""), ("W/\"a\"", "Wed", "Wed"), (nil, "Wed", "Wed"),
            ("W/\"a\"", nil, nil), (nil, nil, nil),
        ] as [(String?, String?, String?)])
    func `only what promises the same bytes is a validator`(etag: String?, date: String?, validator: String?) {
        let source = AudioSource(url: "https://x.example/1.mp3", size: 1, sha256: "", etag: etag, lastModified: date)
        #expect(source.validator == validator)
    }
}
