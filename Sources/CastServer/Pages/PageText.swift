import CastCore
import Foundation

/// How numbers, times and states are written on a page.
enum PageText {
    /// `5,000`.
    static func number(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { result.append(",") }
            result.append(digit)
        }
        return number < 0 ? "−\(result)" : result
    }

    /// `1 episode`, `5,000 episodes`.
    static func count(_ number: Int, _ one: String, _ many: String) -> String {
        "\(self.number(number)) \(number == 1 ? one : many)"
    }

    /// A position in audio: `0:07`, `12:34`, `1:02:03`.
    static func clock(_ seconds: Double) -> String {
        let whole = self.whole(seconds)
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        return hours > 0
            ? "\(hours):\(self.padded(minutes)):\(self.padded(rest))" : "\(minutes):\(self.padded(rest))"
    }

    /// How long something took or takes: `12 s`, `3 min 12 s`, `1 h 5 min`.
    static func span(_ seconds: Double) -> String {
        let whole = self.whole(seconds)
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<600: return whole % 60 == 0 ? "\(whole / 60) min" : "\(whole / 60) min \(whole % 60) s"
        case ..<3600: return "\(whole / 60) min"
        default: return whole / 60 % 60 == 0 ? "\(whole / 3600) h" : "\(whole / 3600) h \(whole / 60 % 60) min"
        }
    }

    /// What an address' fragment says of a position: `12.5`, with two decimals at most.
    static func position(_ seconds: Double) -> String {
        let hundredths = self.whole(seconds * 100, rounding: .toNearestOrAwayFromZero)
        let (whole, rest) = (hundredths / 100, hundredths % 100)
        if rest == 0 { return String(whole) }
        return rest.isMultiple(of: 10) ? "\(whole).\(rest / 10)" : "\(whole).\(self.padded(rest))"
    }

    /// How long something may take that takes days: `3 min`, `44 h`, `6 days`; no finer than anybody can foresee.
    static func prospect(_ seconds: Double) -> String {
        let minutes = max(1, self.whole(seconds / 60, rounding: .up))
        switch minutes {
        case ..<100: return "\(minutes) min"
        case ..<(48 * 60): return "\((minutes + 30) / 60) h"
        default: return "\(self.number((minutes + 720) / 1440)) days"
        }
    }

    /// An amount of audio: `45 min`, `3.5 h`, `4,210 h`.
    static func audio(_ seconds: Double) -> String {
        let minutes = self.whole(seconds / 60, rounding: .toNearestOrAwayFromZero)
        switch minutes {
        case ..<60: return "\(minutes) min"
        case ..<600:
            return minutes % 60 < 3 || minutes % 60 >= 57
                ? "\((minutes + 3) / 60) h" : "\(minutes / 60).\(minutes % 60 * 10 / 60) h"
        default: return "\(self.number((minutes + 30) / 60)) h"
        }
    }

    /// How many times faster than it is spoken: `0.8`, `12`, `1,200`.
    static func pace(_ factor: Double) -> String {
        guard factor.isFinite, factor > 0 else { return "0" }
        let tenths = self.whole(factor * 10, rounding: .toNearestOrAwayFromZero)
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10)" : self.number((tenths + 5) / 10)
    }

    /// How long a job may still take, from what it took so far; nil while that says little.
    static func remaining(_ elapsed: Double, _ percent: Int?) -> String? {
        guard let percent, percent >= 5, percent < 100, elapsed >= 5 else { return nil }
        return "about \(self.span(elapsed * Double(100 - percent) / Double(percent))) left"
    }

    /// A `<time>` element's three texts.
    static func length(_ seconds: Double?) -> Pages.Fields? {
        guard let seconds, seconds > 0 else { return nil }
        return ["machine": "PT\(self.whole(seconds))S", "text": self.clock(seconds)]
    }

    /// Not a number, or beyond all sense, is 0: a page must not end the program.
    private static func whole(_ seconds: Double, rounding rule: FloatingPointRoundingRule = .down) -> Int {
        guard seconds.isFinite, seconds > 0, seconds < 1e12 else { return 0 }
        return Int(seconds.rounded(rule))
    }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }

    static func label(_ state: EpisodeState, isQueued: Bool) -> (label: String, tone: String) {
        switch state {
        case .new: ("New", "plain")
        case .awaitingTranscript: ("Awaits publisher’s text", "wait")
        case .needsAudio: ("Waits for download", "wait")
        case .downloading: ("Downloading", "busy")
        case .audioReady: isQueued ? ("Waits for a node", "wait") : ("Audio is here", "plain")
        case .transcribing: ("Transcribing", "busy")
        case .completed: ("Transcribed", "good")
        case .failed: ("Failed", "bad")
        }
    }

    /// All work of a kind, as a heading.
    static func heading(_ kind: JobKind) -> String {
        switch kind {
        case .download: "Downloads"
        case .transcribe: "Transcriptions"
        case .transcriptDownload: "Publishers’ texts"
        }
    }

    static func label(_ job: Job) -> String {
        job.isSecondTry ? "Second try with \(job.model ?? "any model")" : self.label(job.kind)
    }

    /// A transcript's quality in a line: `142 words a minute, 3 % repeated, longest gap 12 s, 91 % certain`.
    static func quality(_ quality: TranscriptQuality) -> String {
        let percent = { (share: Double) in "\(Int(min(1, max(0, share)) * 100)) %" }
        var parts: [String] = []
        if let pace = quality.wordsPerMinute { parts.append("\(self.number(Int(min(pace, 1e6)))) words a minute") }
        parts.append("\(percent(quality.repetition)) repeated")
        parts.append("longest gap \(self.span(quality.longestGap))")
        if let confidence = quality.confidence { parts.append("\(percent(confidence)) certain") }
        if quality.failedShare > 0 { parts.append("\(percent(quality.failedShare)) not recognised") }
        return parts.joined(separator: ", ")
    }

    /// What holds a node up.
    static func slowest(_ stage: Stage) -> String {
        switch stage {
        case .engine: "the engine is busy all the time"
        case .fetch: "the engine waits: fetching audio is slow"
        case .decode: "the engine waits: decoding audio is slow"
        case .cut, .pool: "the engine waits: cutting audio is slow"
        case .words, .upload: "handing in is slow"
        }
    }

    static func label(_ kind: JobKind) -> String {
        switch kind {
        case .download: "Downloading"
        case .transcribe: "Transcribing"
        case .transcriptDownload: "Fetching the publisher’s text"
        }
    }
}

/// Dates as they are written on a page, seen from one moment.
struct PageDates {
    let now: Date
    private let calendar: Calendar
    private let zoneName: String

    init(now: Date, zone: TimeZone) {
        self.now = now
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        self.calendar = calendar
        self.zoneName = zone.abbreviation(for: now) ?? zone.identifier
    }

    /// `2 Jan 2024`.
    func day(_ date: Date?) -> Pages.Fields? { self.fields(date) { self.dayText($0) } }

    /// `just now`, `5 min ago`, `3 h ago`, then the day.
    func recent(_ date: Date?) -> Pages.Fields? {
        self.fields(date) { date in
            switch self.now.timeIntervalSince(date) {
            case ..<60: "just now"
            case let seconds where seconds < 3600: "\(Int(seconds / 60)) min ago"
            case let seconds where seconds < 86_400: "\(Int(seconds / 3600)) h ago"
            default: self.dayText(date)
            }
        }
    }

    private func fields(_ date: Date?, _ text: (Date) -> String) -> Pages.Fields? {
        guard let date else { return nil }
        let parts = self.calendar.dateComponents([.hour, .minute], from: date)
        let minute = parts.minute ?? 0
        let time = "\(parts.hour ?? 0):\(minute < 10 ? "0" : "")\(minute)"
        return [
            "machine": date.formatted(.iso8601), "text": text(date),
            "full": "\(self.dayText(date)), \(time) \(self.zoneName)",
        ]
    }

    private func dayText(_ date: Date) -> String {
        let parts = self.calendar.dateComponents([.year, .month, .day], from: date)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(parts.day ?? 0) \(months[((parts.month ?? 1) - 1) % 12]) \(parts.year ?? 0)"
    }
}

/// Addresses of our own pages.
enum PageAddress {
    static func feed(
        _ id: FeedID, state: EpisodeState? = nil, onlyDoubtful: Bool = false, search: String? = nil, page: Int = 1
    ) -> String {
        var items: [URLQueryItem] = []
        if onlyDoubtful { items.append(URLQueryItem(name: "doubtful", value: "true")) }
        if let state { items.append(URLQueryItem(name: "state", value: state.rawValue)) }
        if let search, !search.isEmpty { items.append(URLQueryItem(name: "q", value: search)) }
        if page > 1 { items.append(URLQueryItem(name: "page", value: String(page))) }
        return Self.address("/feeds/\(id)", items)
    }

    private static func address(_ path: String, _ items: [URLQueryItem]) -> String {
        var components = URLComponents()
        components.path = path
        components.queryItems = items.isEmpty ? nil : items
        // URLComponents leaves a plus sign as it is, which a form's reader takes for a space.
        return (components.string ?? path).replacing("+", with: "%2B")
    }

    static func episode(_ id: EpisodeID) -> String { "/episodes/\(id)" }

    /// A sentence of an episode's transcript.
    static func episode(_ id: EpisodeID, at seconds: Double) -> String {
        "/episodes/\(id)#t=\(PageText.position(seconds))"
    }

    /// What is done with all work of a kind.
    static func lane(_ kind: JobKind, _ action: String) -> String { "/queue/\(kind.rawValue)/\(action)" }

    static func search(_ text: String, feed: FeedID? = nil, onlyTitles: Bool = false, page: Int = 1) -> String {
        var items = [URLQueryItem(name: "q", value: text)]
        if let feed { items.append(URLQueryItem(name: "feed_id", value: String(describing: feed))) }
        if onlyTitles { items.append(URLQueryItem(name: "only", value: "titles")) }
        if page > 1 { items.append(URLQueryItem(name: "page", value: String(page))) }
        return Self.address("/search", items)
    }

    /// An address from outside that may be a link: nothing but the web, so that no script hides in it.
    static func outside(_ text: String?) -> String? {
        guard let text, let url = URL(string: text), let scheme = url.scheme?.lowercased() else { return nil }
        return scheme == "http" || scheme == "https" ? text : nil
    }
}
