/// A GPU type in one cloud at a price: one thing that could be bought next.
package struct Candidate: Sendable, Equatable, Codable {
    package var gpu: GPUID
    package var displayName: String
    package var cloud: Cloud
    /// The catalogue's price, for one GPU.
    package var pricePerHour: Money
    /// Audio seconds a second, as far as anybody knows.
    package var speed: Double
    /// Whether `speed` was measured on our own runs.
    package var isMeasured: Bool
    /// Where to ask for it; empty: anywhere.
    package var dataCentres: [DataCentreID]

    package init(
        gpu: GPUID, displayName: String, cloud: Cloud, pricePerHour: Money, speed: Double, isMeasured: Bool = false,
        dataCentres: [DataCentreID] = []
    ) {
        self.gpu = gpu
        self.displayName = displayName
        self.cloud = cloud
        self.pricePerHour = pricePerHour
        self.speed = speed
        self.isMeasured = isMeasured
        self.dataCentres = dataCentres
    }

    /// Dollars for an hour of audio: what the work costs there.
    package var dollarsPerAudioHour: Double { self.pricePerHour.dollars / max(self.speed, 0.001) }

    /// The most that a pod of this candidate may cost an hour; money is reserved at this price.
    ///
    /// The catalogue's price is a hint and leaves out the disk: 40 GB at $0.10 a GB and month are $0.0055 an hour. So a
    /// tenth more, and at least two cents more, is taken without asking again; a pod that costs more is sent back.
    package var priceLimit: Money {
        self.pricePerHour + max(Money(micros: self.pricePerHour.micros / 10), Money(micros: 20_000))
    }
}

extension Candidate: CustomStringConvertible {
    package var description: String {
        "\(self.displayName) (\(self.cloud.rawValue), $\(self.pricePerHour) an hour)"
    }
}
