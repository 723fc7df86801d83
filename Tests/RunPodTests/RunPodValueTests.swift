import CastCore
import Foundation
import Testing

@testable import RunPod

struct RunPodValueTests {
    let start = Date(timeIntervalSince1970: 1_800_000_000)

    @Test(arguments: [
        (#""minute";r=58;t=41, "hour";r=2970;t=3300"#, ["minute 58 41", "hour 2970 3300"]),
        ("minute;t=3;r=0", ["minute 0 3"]), ("", []), (#""minute";r=-1;t=5"#, []), ("a;b;c,,;r=1;t=2", []),
        (#""day";r=x;t=5, "hour";r=1;t=2"#, ["hour 1 2"]),
    ])
    func `a header tells what is left`(header: String, windows: [String]) {
        #expect(RateLimiter.parse(header).map { "\($0.name) \($0.remaining) \($0.seconds)" } == windows)
    }

    @Test func `what is left is counted down, and the longest empty window is waited for`() {
        var limiter = RateLimiter()
        #expect(limiter.take(now: self.start) == nil)
        limiter.note(rateLimit: #""minute";r=2;t=10, "hour";r=1;t=100"#, retryAfter: nil, now: self.start)
        #expect(limiter.take(now: self.start) == nil)
        #expect(limiter.take(now: self.start.addingTimeInterval(40)) == .seconds(60))
        #expect(limiter.take(now: self.start.addingTimeInterval(100)) == nil)
    }

    @Test func `a Retry-After blocks everything, and a shorter one does not unblock`() {
        var limiter = RateLimiter()
        limiter.note(rateLimit: nil, retryAfter: .seconds(30), now: self.start)
        limiter.note(rateLimit: nil, retryAfter: .seconds(1), now: self.start)
        #expect(limiter.take(now: self.start) == .seconds(30))
        #expect(limiter.take(now: self.start.addingTimeInterval(30)) == nil)
    }

    @Test func `no header holds us longer than a day`() {
        var limiter = RateLimiter()
        limiter.note(rateLimit: "x;r=0;t=\(Int.max)", retryAfter: nil, now: self.start)
        #expect(limiter.take(now: self.start) == .seconds(86_400))
        #expect(RateLimiter.retryAfter("\(Int.max)") == .seconds(86_400))
        #expect(RateLimiter.retryAfter("Wed, 21 Oct 2026 07:28:00 GMT") == .seconds(60))
        #expect(RateLimiter.retryAfter(nil) == nil)
    }

    @Test(arguments: [
        (ProviderFailure(.unavailable, ""), true, true), (ProviderFailure(.unavailable, ""), false, false),
        (ProviderFailure(.unavailable, "", status: 410), true, false),
        (ProviderFailure(.rateLimited(retryAfter: .seconds(9)), ""), false, true),
        (ProviderFailure(.rateLimited(retryAfter: .seconds(61)), ""), true, false),
        (ProviderFailure(.unknownOutcome, ""), false, false), (ProviderFailure(.noCapacity, ""), true, false),
        (ProviderFailure(.outOfMoney, ""), true, false), (ProviderFailure(.forbidden, ""), true, false),
        (ProviderFailure(.invalidRequest, ""), true, false), (ProviderFailure(.gone, ""), true, false),
    ])
    func `only some failures are tried again`(failure: ProviderFailure, isRepeatable: Bool, isRepeated: Bool) {
        let rule = RetryRule()
        #expect((rule.wait(after: failure, tries: 1, isRepeatable: isRepeatable, jitter: 0) != nil) == isRepeated)
        #expect(rule.wait(after: failure, tries: 4, isRepeatable: isRepeatable, jitter: 0) == nil)
    }

    @Test func `jitter never makes a wait shorter than RunPod asked for`() {
        let failure = ProviderFailure(.rateLimited(retryAfter: .seconds(9)), "")
        for jitter in [-1.0, 0, 1] {
            let wait = RetryRule().wait(after: failure, tries: 1, isRepeatable: false, jitter: jitter)
            #expect(wait.map { $0 >= .seconds(9) } == true)
        }
    }

    @Test func `a key is never printed`() throws {
        let settings = try RunPodSettings(environment: [
            "RUNPOD_API_KEY": "rpa_SECRET", "RUNPOD_API_BASE_URL": "http://127.0.0.1:9/x/",
        ])
        let known = try #require(settings)
        #expect(known.base.absoluteString == "http://127.0.0.1:9/x")
        var dumped = ""
        dump(known, to: &dumped)
        for text in ["\(known)", String(reflecting: known), dumped, "\(known.key)"] {
            #expect(!text.contains("SECRET"))
        }
    }

    @Test func `without a key there is no RunPod, and without an address it is the real one`() throws {
        #expect(try RunPodSettings(environment: [:]) == nil)
        #expect(try RunPodSettings(environment: ["RUNPOD_API_KEY": ""]) == nil)
        let settings = try RunPodSettings(environment: ["RUNPOD_API_KEY": " k ", "RUNPOD_API_BASE_URL": ""])
        #expect(settings?.base.absoluteString == "https://api.runpod.io")
    }

    @Test(arguments: [
        ("k\ney", "https://x"), ("kéy", "https://x"), ("k", "ftp://x"), ("k", "x"), ("k", "https://a:b@x"),
    ])
    func `a key or an address that cannot be is refused, and not shown`(key: String, base: String) {
        #expect {
            try RunPodSettings(key: key, base: base)
        } throws: { error in
            (error as? CastError)?.code == .invalid && !"\(error)".contains(key + " ")
        }
    }

    @Test(arguments: [1, 2, 3, 7, 1000])
    func `events are the same however the stream is cut`(size: Int) {
        let text = ": c\r\nid: 7\r\ndata: a\r\ndata:b\r\n\r\nevent: x\ndata: ü\n\n\ndata: open"
        var reader = EventStreamReader()
        var events: [EventStreamReader.Event] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            events += reader.append(bytes[start..<min(start + size, bytes.count)])
        }
        #expect(events == [.init(id: "7", data: "a\nb"), .init(id: nil, data: "ü")])
    }

    @Test func `a line without end fills no memory`() {
        var reader = EventStreamReader()
        for _ in 0..<20 { #expect(reader.append(repeatElement(UInt8(ascii: "x"), count: 64 * 1024)).isEmpty) }
        #expect(reader.append(Array("\ndata: y\n\n".utf8)) == [.init(id: nil, data: "y")])
    }

    @Test(arguments: [
        ("2026-11-23T09:00:00Z", 1_795_424_400.0), ("2026-11-23T10:00:00.5+01:00", 1_795_424_400.5),
        ("2026-11-23 09:00:00.25 +0000 UTC", 1_795_424_400.25), ("2026-11-23 09:00:00 +0000 UTC", 1_795_424_400),
    ])
    func `times are read in both of RunPod's forms`(text: String, seconds: Double) {
        #expect(WireDate.read(text)?.timeIntervalSince1970 == seconds)
    }

    @Test func `no answer, however broken, ends the program`() {
        let sources = [ReadTests.wholePod, CatalogAndMoneyTests.catalog].map { Array($0.utf8) }
        let pieces = ["-", "1e999", "null", "[", "{}", "\"", "99999999999999999999", "-1", "NaN", "true", "\\u0000"]
        // A small generator of our own, so that a failure can be had again.
        var seed: UInt64 = 42
        func next(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((seed >> 33) % UInt64(bound))
        }
        var readable = 0
        for round in 0..<3000 {
            var bytes = sources[round % sources.count]
            for _ in 0...next(3) {
                let start = next(bytes.count)
                let end = min(bytes.count, start + next(6))
                bytes.replaceSubrange(start..<end, with: Array(pieces[next(pieces.count)].utf8))
            }
            guard let object = WireObject(Data(bytes)) else { continue }
            readable += 1
            _ = ProviderPod(.object(object.fields))
            for gpu in object.array("gpus") ?? [] {
                guard let gpu = WireObject(gpu) else { continue }
                _ = GPUOffer.Terms(gpu, .secure)
                _ = gpu.number("memory").flatMap { Int(exactly: $0.rounded()) }
            }
        }
        #expect(readable > 100)
    }
}
