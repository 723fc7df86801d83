import CastCore
