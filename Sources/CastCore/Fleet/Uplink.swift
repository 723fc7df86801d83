/// What the server can send to pods, as far as it was seen.
package struct Uplink: Sendable, Equatable {
    /// Bytes a second that went out when pods wanted more than that; nil as long as no shortage was seen.
    package var limit: Double?
    /// Bytes a second of the last minutes, counting only the time in which a pod was being served; nil when none was.
    package var rate: Double?
    /// Bytes of a second of audio.
    package var audioRate: Double
    /// Of the audio that pods took on, the share that came from this server; the rest came from publishers.
    package var share: Double

    /// 128 kbit/s, as podcasts mostly come.
    package static let usualAudioRate: Double = 16_000

    package init(
        limit: Double? = nil, rate: Double? = nil, audioRate: Double = Self.usualAudioRate, share: Double = 1
    ) {
        self.limit = limit
        self.rate = rate
        self.audioRate = audioRate
        self.share = share
    }

    /// Bytes a second that a pod asks of this server when it does so many seconds of audio in a second.
    package func wanted(at speed: Double) -> Double { self.audioRate * max(speed, 0.1) * self.share }
}
