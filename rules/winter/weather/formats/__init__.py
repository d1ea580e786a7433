"""Formats of forecast files: bytes in, :class:`rules.core.weather_forecast.WeatherForecast` out, or what is wrong with them."""
